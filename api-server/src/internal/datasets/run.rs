//! `POST /internal/datasets/{id}/runs`.

use axum::{extract::State, response::Response};
use datacrowd_protocol::{
    ids::{DatasetId, ResourceUid},
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

/// Begin a run that generates tasks: the gate. A repeat returns the same run.
#[utoipa::path(post, path = "/internal/datasets/{id}/runs", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = BeginRun, responses((status = 200, body = RunBegun), (status = 201, body = RunBegun)))]
pub async fn dataset_run(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(body): Json<BeginRun>,
) -> ApiResult<Response> {
    let uid = ResourceUid(body.uid);
    let run = app
        .core
        .dataset_run_begin(DatasetId(id), uid, body.attempt, app.now())
        .await;
    run.map(begun).map_err(|error| debt::told(&app, error))
}
