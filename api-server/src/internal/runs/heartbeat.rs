//! `POST /internal/runs/{id}/heartbeat`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::{ids::RunId, run::EpochOnly};
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// Say that the holder of a run is alive.
#[utoipa::path(post, path = "/internal/runs/{id}/heartbeat", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = EpochOnly, responses((status = 204)))]
pub async fn run_heartbeat(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<EpochOnly>,
) -> ApiResult<StatusCode> {
    runner.run(&app, RunId(id)).await?;
    app.core
        .run_heartbeat(RunId(id), body.epoch, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
