//! `POST /internal/runs/{id}/complete`.

use axum::{extract::State, http::StatusCode};
use datacrowd_labelling::{RunCaller, RunTarget};
use datacrowd_protocol::{
    ids::{ExportId, RunId},
    run::{CompleteRun, RunOutcome},
};
use uuid::Uuid;

use super::result;
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// End a run.
#[utoipa::path(post, path = "/internal/runs/{id}/complete", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = CompleteRun, responses((status = 204)))]
pub async fn run_complete(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<CompleteRun>,
) -> ApiResult<StatusCode> {
    let run = RunId(id);
    let caller = runner.run(&app, run).await?;
    let now = app.now();
    match caller.target {
        RunTarget::Generate(_) => app.core.generate_complete(run, &body, now).await?,
        RunTarget::Export(export) => export_complete(&app, run, &caller, export, &body).await?,
        RunTarget::Inspect(_) => app.core.inspect_complete(run, &body, now).await?,
        RunTarget::Predict(_) => app.core.predict_complete(run, &body, now).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn export_complete(
    app: &App,
    run: RunId,
    caller: &RunCaller,
    export: ExportId,
    body: &CompleteRun,
) -> ApiResult<()> {
    // The object is made before the row says so; both calls may be repeated.
    let parts = app
        .core
        .export_parts(run, export, body.epoch, app.now())
        .await;
    match (parts, body.outcome) {
        (Ok((key, multipart)), RunOutcome::Succeeded) => {
            if body.sha256.is_none() || body.size_bytes.is_none() || body.parts.is_empty() {
                return Err(ApiError::invalid_member(
                    "parts",
                    "a finished export has parts, sha256 and sizeBytes",
                ));
            }
            let object = result(app, caller, &key)?;
            app.objects
                .multipart_complete(&object, &multipart, &body.parts)
                .await?;
        }
        (Ok((key, multipart)), RunOutcome::Failed) => {
            let object = result(app, caller, &key)?;
            app.objects.multipart_abort(&object, &multipart).await?;
        }
        // Already ended, or fenced: the next call tells which.
        (Err(_), _) => {}
    }
    app.core.export_complete(run, body, app.now()).await?;
    Ok(())
}
