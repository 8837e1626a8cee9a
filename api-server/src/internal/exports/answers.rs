//! `GET /internal/exports/{id}/answers`.

use axum::extract::State;
use datacrowd_protocol::{export::ExportPage, ids::ExportId};
use uuid::Uuid;

use super::PageQuery;
use crate::{
    error::ApiResult,
    extract::{Path, Query},
    internal::auth::Runner,
    state::App,
};

/// One page of answers up to the watermark.
#[utoipa::path(get, path = "/internal/exports/{id}/answers", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), PageQuery), responses((status = 200, body = ExportPage)))]
pub async fn export_answers(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> ApiResult<axum::Json<ExportPage>> {
    let after = query.admitted(&app, &runner, ExportId(id)).await?;
    Ok(axum::Json(app.core.export_page(ExportId(id), after).await?))
}
