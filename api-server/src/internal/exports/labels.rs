//! `GET /internal/exports/{id}/labels`.

use axum::extract::State;
use datacrowd_protocol::{export::LabelPage, ids::ExportId};
use uuid::Uuid;

use super::PageQuery;
use crate::{
    error::ApiResult,
    extract::{Path, Query},
    internal::auth::Runner,
    state::App,
};

/// One page of what workers said up to the watermark, in the field that gets a consensus.
#[utoipa::path(get, path = "/internal/exports/{id}/labels", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), PageQuery), responses((status = 200, body = LabelPage)))]
pub async fn export_labels(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> ApiResult<axum::Json<LabelPage>> {
    let after = query.admitted(&app, &runner, ExportId(id)).await?;
    Ok(axum::Json(
        app.core.export_labels(ExportId(id), after).await?,
    ))
}
