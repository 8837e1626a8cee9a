//! `POST /internal/exports/{id}/runs`.

use axum::{extract::State, response::Response};
use datacrowd_protocol::{
    ids::{ExportId, ResourceUid},
    run::{BeginRun, RunBegun},
};
use uuid::Uuid;

use crate::{
    debt,
    error::ApiResult,
    extract::{Json, Path},
    internal::{auth::Trusted, runs::begun},
    state::App,
};

/// Begin a run that exports. A repeat returns the same run.
#[utoipa::path(post, path = "/internal/exports/{id}/runs", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = BeginRun, responses((status = 200, body = RunBegun), (status = 201, body = RunBegun)))]
pub async fn export_run(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(body): Json<BeginRun>,
) -> ApiResult<Response> {
    let uid = ResourceUid(body.uid);
    let run = app
        .core
        .export_run_begin(ExportId(id), uid, body.attempt, app.now())
        .await;
    run.map(begun).map_err(|error| debt::told(&app, error))
}
