//! Links to the images, audio and video that a task's cells name.

use axum::http::StatusCode;
use datacrowd_labelling::Media;
use datacrowd_protocol::object::Origin;
use url::Url;

use super::link::Link;
use crate::{
    error::{ApiError, ApiResult},
    folder,
    objects::DOWNLOAD_TTL,
    state::App,
};

/// A public link as it is, with what a link cannot hold encoded; an object of the tenant by a presigned one. A path
/// lies beside the source.
pub async fn link(app: &App, media: &Media) -> ApiResult<Link> {
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
    let object = match &media.pinned {
        Some(_) => folder::of_dataset(
            app,
            &media.namespace,
            &media.source_uri,
            media.dataset,
            media.source_etag.as_deref(),
        )
        .and_then(|folder| folder.item(&uri)),
        None => app
            .objects
            .bucket()
            .origin(&media.namespace, &uri, media.own_credentials)
            .ok()
            .and_then(Origin::platform),
    };
    let object = object.ok_or_else(unreachable_media)?;
    let uri = object.to_string();
    let anothers = app
        .core
        .source_is_anothers(media.tenant, &media.namespace, &uri);
    if anothers.await? {
        return Err(missing());
    }
    let head = app.objects.head(&object).await?.ok_or_else(missing)?;
    if media.pinned.as_ref().is_some_and(|etag| *etag != head.etag) {
        return Err(changed());
    }
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
        "The file that the cell names is not there. As its worker, skip the task and say so in the reason; as its client, put the file there.",
    )
}

fn changed() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "media_changed",
        "The file is no longer the one that this task was made of. As its worker, skip the task and say so in the reason; as its client, put the earlier file back, or bring the new one in another dataset.",
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
        "The cell names nothing that this server can show. As its worker, skip the task and say so in the reason; as its client, name a file below your own prefix or a link.",
    )
}
