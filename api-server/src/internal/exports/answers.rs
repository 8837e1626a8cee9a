//! `GET /internal/exports/{id}/answers`.

use axum::extract::State;
use datacrowd_protocol::{
    export::ExportPage,
    ids::{ExportId, RunId},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    internal::auth::Runner,
    state::App,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `nextCursor` of the page before.
    #[serde(default)]
    pub(super) cursor: Option<i64>,
    pub(super) run_id: Uuid,
    pub(super) epoch: i64,
}

/// One page of answers up to the watermark.
#[utoipa::path(get, path = "/internal/exports/{id}/answers", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), PageQuery), responses((status = 200, body = ExportPage)))]
pub async fn export_answers(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> ApiResult<axum::Json<ExportPage>> {
    let caller = runner.run(&app, RunId(query.run_id)).await?;
    if caller.export != Some(ExportId(id)) {
        return Err(ApiError::not_found());
    }
    app.core
        .run_heartbeat(RunId(query.run_id), query.epoch, app.now())
        .await?;
    Ok(axum::Json(
        app.core
            .export_page(ExportId(id), query.cursor.unwrap_or(0))
            .await?,
    ))
}
