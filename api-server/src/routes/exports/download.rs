//! `GET /exports/{id}/download`.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use datacrowd_protocol::ids::ExportId;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::Owner,
    debt,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// Download the file: a redirect to a link that is good for five minutes.
#[utoipa::path(get, path = "/exports/{id}/download", tag = "exports", params(("id" = Uuid, Path)), responses((status = 307)))]
pub async fn export_download(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let export = app.core.export_get(owner.scope(), ExportId(id)).await?;
    let file = app.core.export_download(owner.scope(), export.id).await;
    let file = file.map_err(|error| debt::told(&app, error))?;
    owner
        .audit(&app, "export.download", &id.to_string(), json!({}))
        .await?;
    let bucket = app.objects.bucket();
    let object = bucket
        .at(&export.namespace, &file.object_key)
        .ok_or_else(ApiError::not_found)?;
    let url = app
        .objects
        .presign_download(
            &object,
            &format!("{}.{}", export.name, export.format.extension()),
        )
        .await?;
    let location = HeaderValue::from_str(&url).map_err(|e| ApiError::internal(&e))?;
    Ok((
        StatusCode::TEMPORARY_REDIRECT,
        [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
    ))
}
