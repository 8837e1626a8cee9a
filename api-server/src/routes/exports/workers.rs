//! `GET /exports/{id}/workers`.

use axum::{extract::State, http::HeaderMap, response::Response};
use datacrowd_protocol::ids::ExportId;
use uuid::Uuid;

use super::download::{finished, link};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// Download what the export tells of each worker, `workers.jsonl`: pseudonym, answers, skill with its interval, agreement, from
/// all approved answers of the project up to the watermark. A redirect, or the link as JSON, as for the file itself. Exports of
/// tasks have it where the project makes one label of the answers.
#[utoipa::path(get, path = "/exports/{id}/workers", tag = "exports", params(("id" = Uuid, Path)), responses((status = 200, body = crate::routes::link::Link), (status = 307)))]
pub async fn export_workers(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (export, file) = finished(&app, &owner, ExportId(id)).await?;
    let key = file.workers_key.ok_or_else(ApiError::not_found)?;
    let name = format!("{}-workers.jsonl", export.name);
    link(&app, &export, &key, &name).await?.answer(&headers)
}
