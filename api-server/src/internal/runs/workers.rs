//! `POST /internal/runs/{id}/workers`.

use axum::extract::State;
use datacrowd_protocol::{
    ids::RunId,
    run::{EpochOnly, PartUrl},
};
use uuid::Uuid;

use super::result;
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// A URL to write what an export tells of each worker to. The same watermark gives the same bytes, so a pod that lost the
/// run writes nothing else.
#[utoipa::path(post, path = "/internal/runs/{id}/workers", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = EpochOnly, responses((status = 200, body = PartUrl)))]
pub async fn run_workers(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<EpochOnly>,
) -> ApiResult<axum::Json<PartUrl>> {
    let run = RunId(id);
    let caller = runner.run(&app, run).await?;
    let export = caller.export().ok_or_else(ApiError::not_found)?;
    let key = app
        .core
        .export_workers_key(run, export, body.epoch, app.now())
        .await?;
    let object = result(&app, &caller, &key)?;
    Ok(axum::Json(PartUrl {
        url: app.objects.presign_put(&object).await?,
    }))
}
