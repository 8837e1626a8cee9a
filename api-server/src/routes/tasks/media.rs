//! Images, audio and video of a task, for who works on it now.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use datacrowd_labelling::Media;
use datacrowd_protocol::{ids::TaskId, object::Origin};
use url::Url;

use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::Path,
    objects::DOWNLOAD_TTL,
    routes::link::Link,
    state::App,
};

/// A media cell of a task that I hold, to answer or to review: a redirect to a link that is good for five minutes; the link
/// as JSON to who accepts `application/json`.
#[utoipa::path(get, path = "/tasks/{id}/media/{column}", tag = "tasks", params(("id" = i64, Path), ("column" = String, Path)), responses((status = 200, body = Link), (status = 307)))]
pub async fn task_media(
    State(app): State<App>,
    Worker(user): Worker,
    Path((id, column)): Path<(i64, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let media = app
        .core
        .task_media(user, TaskId(id), &column, app.now())
        .await?;
    link(&app, &media).await?.answer(&headers)
}

/// A public link as it is, with what a link cannot hold encoded; an object of the tenant by a presigned one. A path
/// lies beside the source.
async fn link(app: &App, media: &Media) -> ApiResult<Link> {
    let value = media.value.trim();
    let uri = match scheme(value).as_deref() {
        Some("http" | "https") => {
            let link = Url::parse(value).map_err(|_| unreachable_media())?;
            return Ok(Link {
                url: link.into(),
                expires_at: None,
                etag: None,
            });
        }
        Some("s3") => value.to_owned(),
        // Whatever else a browser would open, a page written into the cell included.
        Some(_) => return Err(unreachable_media()),
        None => {
            let folder = media.source_uri.rsplit_once('/').map_or("", |(f, _)| f);
            format!("{folder}/{value}")
        }
    };
    // Only the tenant's own objects: a cell must not open the bucket to whoever wrote it. And nothing for a
    // source that is read with other keys than the platform's: its bucket may have the same name elsewhere.
    let origin = app
        .objects
        .bucket()
        .origin(&media.namespace, &uri, media.own_credentials);
    let object = origin.ok().and_then(Origin::platform);
    let object = object.ok_or_else(unreachable_media)?;
    let uri = object.to_string();
    let anothers = app
        .core
        .source_is_anothers(media.tenant, &media.namespace, &uri);
    if anothers.await? {
        return Err(missing());
    }
    let head = app.objects.head(&object).await?.ok_or_else(missing)?;
    let expires_at = app.now() + DOWNLOAD_TTL;
    Ok(Link {
        url: app.objects.presign_media(&object).await?,
        expires_at: Some(expires_at),
        etag: Some(head.etag),
    })
}

fn missing() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "media_missing",
        "The file that the cell names is not there; skip the task and say so in the reason.",
    )
}

/// What stands before the first colon, where that is the scheme of a link: `data` of `data:text/html,…`.
fn scheme(value: &str) -> Option<String> {
    let (scheme, _) = value.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

fn unreachable_media() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "media_unreachable",
        "The cell names nothing that this server can show; skip the task and say so in the reason.",
    )
}
