//! Runs: a runner's life from open to complete, and what the operator says of it.

pub mod complete;
pub mod entries;
pub mod files;
pub mod heartbeat;
pub mod items;
pub mod model;
pub mod open;
pub mod part;
pub mod predictions;
pub mod source_url;
pub mod workers;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use datacrowd_labelling::{Begun, Dataset, RunCaller};
use datacrowd_protocol::{
    ids::{ResourceUid, RunId},
    internal::ReportFailure,
    object::{Origin, PlatformObject},
    run::RunBegun,
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    internal::auth::Runner,
    state::App,
};

/// The answer to whoever begins a run.
pub fn begun(begun: Begun) -> Response {
    match begun {
        Begun::Run(run) => (
            StatusCode::CREATED,
            axum::Json(RunBegun {
                run_id: Some(run),
                completed: false,
            }),
        )
            .into_response(),
        Begun::Completed => (
            StatusCode::OK,
            axum::Json(RunBegun {
                run_id: None,
                completed: true,
            }),
        )
            .into_response(),
    }
}

/// The dataset of a run that the caller holds under this epoch: it is alive.
async fn held_dataset(
    app: &App,
    runner: &Runner,
    run: RunId,
    epoch: i64,
) -> ApiResult<(RunCaller, Dataset)> {
    let caller = runner.run(app, run).await?;
    app.core.run_heartbeat(run, epoch, app.now()).await?;
    let dataset = caller.dataset().ok_or_else(ApiError::not_found)?;
    let dataset = app.core.dataset_get(None, dataset).await?;
    Ok((caller, dataset))
}

/// What the source of this run is to the platform.
fn origin(
    app: &App,
    caller: &RunCaller,
    source_uri: &str,
    own_credentials: bool,
) -> ApiResult<Origin> {
    let bucket = app.objects.bucket();
    bucket
        .origin(&caller.namespace, source_uri, own_credentials)
        .map_err(|why| ApiError::filled(Code::SourceForbidden, &[&why]))
}

/// The object that the platform may sign for this run; none when the tenant's own keys read it, or it is a folder.
fn signable(
    app: &App,
    caller: &RunCaller,
    source_uri: &str,
    own_credentials: bool,
) -> ApiResult<Option<PlatformObject>> {
    origin(app, caller, source_uri, own_credentials).map(Origin::platform)
}

/// A key that the platform chose for an export of the caller's namespace.
fn result(app: &App, caller: &RunCaller, key: &str) -> ApiResult<PlatformObject> {
    let object = app.objects.bucket().at(&caller.namespace, key);
    object.ok_or_else(ApiError::not_found)
}

/// Reports a Job that failed without a word of its own.
pub async fn failed(app: &App, target: Uuid, report: ReportFailure) -> ApiResult<StatusCode> {
    app.core
        .run_failed(
            target,
            ResourceUid(report.uid),
            report.attempt,
            report.reason,
            &report.message,
            app.now(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
