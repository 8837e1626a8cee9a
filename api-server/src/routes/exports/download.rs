//! `GET /exports/{id}/download`.

use axum::{extract::State, http::HeaderMap, response::Response};
use datacrowd_labelling::{Export, FinishedExport};
use datacrowd_protocol::ids::ExportId;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::Owner,
    debt,
    error::{ApiError, ApiResult},
    extract::Path,
    objects::DOWNLOAD_TTL,
    routes::link::Link,
    state::App,
};

/// Download the file: a redirect to a link that is good for five minutes; the link as JSON to who accepts
/// `application/json`.
#[utoipa::path(get, path = "/exports/{id}/download", tag = "exports", params(("id" = Uuid, Path)), responses((status = 200, body = Link), (status = 307)))]
pub async fn export_download(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (export, file) = finished(&app, &owner, ExportId(id)).await?;
    let name = format!("{}.{}", export.name, export.format.extension());
    link(&app, &export, &file.object_key, &name)
        .await?
        .answer(&headers)
}

/// A finished export and the keys of its files; that they are asked for is recorded.
pub(super) async fn finished(
    app: &App,
    owner: &Owner,
    id: ExportId,
) -> ApiResult<(Export, FinishedExport)> {
    let export = app.core.export_get(owner.scope(), id).await?;
    let file = app.core.export_download(owner.scope(), export.id).await;
    let file = file.map_err(|error| debt::told(app, error))?;
    owner
        .audit(app, "export.download", &id.to_string(), json!({}))
        .await?;
    Ok((export, file))
}

/// A link to one of an export's files.
pub(super) async fn link(
    app: &App,
    export: &Export,
    key: &str,
    file_name: &str,
) -> ApiResult<Link> {
    let bucket = app.objects.bucket();
    let object = bucket
        .at(&export.namespace, key)
        .ok_or_else(ApiError::not_found)?;
    let expires_at = app.now() + DOWNLOAD_TTL;
    Ok(Link {
        url: app.objects.presign_download(&object, file_name).await?,
        expires_at: Some(expires_at),
        etag: None,
    })
}
