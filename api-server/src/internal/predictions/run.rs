//! `POST /internal/predictions/{id}/runs`.

use axum::{extract::State, response::Response};
use datacrowd_protocol::{
    ids::{PredictionId, ResourceUid},
    run::{BeginRun, RunBegun},
};
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Json, Path},
    internal::{auth::Trusted, runs::begun},
    state::App,
};

/// Begin a run that predicts. A repeat returns the same run.
#[utoipa::path(post, path = "/internal/predictions/{id}/runs", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = BeginRun, responses((status = 200, body = RunBegun), (status = 201, body = RunBegun)))]
pub async fn prediction_run(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(body): Json<BeginRun>,
) -> ApiResult<Response> {
    let uid = ResourceUid(body.uid);
    let run = app
        .core
        .prediction_run_begin(PredictionId(id), uid, body.attempt, app.now())
        .await?;
    Ok(begun(run))
}
