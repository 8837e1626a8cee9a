//! Runs: the gate for the operator, and a runner's life from open to complete.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use datacrowd_labelling::{Begun, RunCaller};
use datacrowd_protocol::{
    export::ExportPage,
    ids::{DatasetId, ExportId, ResourceUid, RunId},
    object::{Origin, PlatformObject},
    run::{
        BeginRun, CompleteRun, EpochOnly, ExportOpened, GenerateOpened, OpenRun, PartRequest,
        PartUrl, RunBegun, RunOutcome, SourceFound, SourceUrl,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::{Runner, Trusted};
use crate::{
    debt,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    state::App,
};

fn begun(begun: Begun) -> Response {
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

/// Take a run over: the next epoch, and where to go on.
#[utoipa::path(post, path = "/internal/runs/{id}/open", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = OpenRun, responses((status = 200, body = RunOpened)))]
pub async fn run_open(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<OpenRun>,
) -> ApiResult<axum::Json<RunOpened>> {
    let run = RunId(id);
    let caller = runner.run(&app, run).await?;
    Ok(axum::Json(if caller.dataset.is_some() {
        RunOpened::Generate(Box::new(generate_open(&app, run, &caller, &body).await?))
    } else {
        RunOpened::Export(export_open(&app, run, &caller, &body).await?)
    }))
}

/// What the runner needs, by what its run is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RunOpened {
    Generate(Box<GenerateOpened>),
    Export(ExportOpened),
}

/// The object that the platform may sign for this run; none when the tenant's own keys read it.
fn signable(
    app: &App,
    caller: &RunCaller,
    source_uri: &str,
    own_credentials: bool,
) -> ApiResult<Option<PlatformObject>> {
    let bucket = app.objects.bucket();
    bucket
        .origin(&caller.namespace, source_uri, own_credentials)
        .map(Origin::platform)
        .map_err(|why| {
            ApiError::new(
                StatusCode::FORBIDDEN,
                "source_forbidden",
                format!("{why}, in a Dataset under a new name."),
            )
        })
}

/// A key that the platform chose for an export of the caller's namespace.
fn result(app: &App, caller: &RunCaller, key: &str) -> ApiResult<PlatformObject> {
    let object = app.objects.bucket().at(&caller.namespace, key);
    object.ok_or_else(ApiError::not_found)
}

/// Takes the run over, then pins the source: what this pod finds must be what the first one found.
async fn generate_open(
    app: &App,
    run: RunId,
    caller: &RunCaller,
    body: &OpenRun,
) -> ApiResult<GenerateOpened> {
    let mut opened = app
        .core
        .generate_open(run, &body.pod_uid, body.source.as_ref(), app.now())
        .await?;
    let mut source_url = None;
    let object = signable(app, caller, &opened.source_uri, opened.own_credentials)?;
    if let (Some(object), false) = (object, opened.completed) {
        let head = app.objects.head(&object).await?;
        if let (Some(head), true) = (&head, opened.takes_what_is_there()) {
            let found = SourceFound {
                etag: head.etag.clone(),
                size_bytes: head.size_bytes,
            };
            app.core
                .source_pin(run, opened.epoch, &found, app.now())
                .await?;
            (opened.etag, opened.size_bytes) = (Some(found.etag), Some(found.size_bytes));
        }
        // A missing object is found by the runner's first read, which reports it as SourceNotFound.
        source_url = Some(app.objects.presign_source(&object).await?);
    }
    Ok(GenerateOpened {
        epoch: opened.epoch,
        completed: opened.completed,
        dataset_id: opened.dataset,
        source_url,
        source_uri: opened.source_uri,
        etag: opened.etag,
        size_bytes: opened.size_bytes,
        sha256: opened.sha256,
        format: opened.format,
        batch_size: opened.batch_size,
        max_invalid_rows: opened.max_invalid_rows,
        required_columns: opened.required_columns,
        main_column: opened.main_column,
        delimiter: Some(opened.delimiter),
        encoding: Some(opened.encoding),
        multiline: opened.multiline,
        checkpoint: opened.checkpoint,
    })
}

/// Takes the run over and begins a fresh multipart upload: parts of an earlier pod are never mixed in.
async fn export_open(
    app: &App,
    run: RunId,
    caller: &RunCaller,
    body: &OpenRun,
) -> ApiResult<ExportOpened> {
    let opened = app.core.export_open(run, &body.pod_uid, app.now()).await?;
    if !opened.completed {
        let object = result(app, caller, &opened.object_key)?;
        if let Some(stale) = &opened.multipart {
            app.objects.multipart_abort(&object, stale).await?;
        }
        let multipart = app
            .objects
            .multipart_begin(&object, opened.format.content_type())
            .await?;
        app.core
            .export_multipart(run, opened.export, opened.epoch, &multipart, app.now())
            .await?;
    }
    Ok(ExportOpened {
        epoch: opened.epoch,
        completed: opened.completed,
        export_id: opened.export,
        format: opened.format,
        row_per: opened.row_per,
        raw_cells: opened.raw_cells,
        bom: opened.bom,
        watermark: opened.watermark,
        columns: opened.columns,
    })
}

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

/// A fresh URL of the source.
#[utoipa::path(post, path = "/internal/runs/{id}/source-url", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = EpochOnly, responses((status = 200, body = SourceUrl)))]
pub async fn run_source_url(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<EpochOnly>,
) -> ApiResult<axum::Json<SourceUrl>> {
    let caller = runner.run(&app, RunId(id)).await?;
    app.core
        .run_heartbeat(RunId(id), body.epoch, app.now())
        .await?;
    let dataset = app
        .core
        .dataset_get(None, caller.dataset.ok_or_else(ApiError::not_found)?)
        .await?;
    let object = signable(&app, &caller, &dataset.source_uri, dataset.own_credentials)?;
    let object = object.ok_or_else(|| {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "own_credentials",
            "The source is read with the keys of source.credentialsSecretRef; the platform signs nothing for it.",
        )
    })?;
    Ok(axum::Json(SourceUrl {
        source_url: app.objects.presign_source(&object).await?,
    }))
}

/// A URL to write one part of the result to.
#[utoipa::path(post, path = "/internal/runs/{id}/parts", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = PartRequest, responses((status = 200, body = PartUrl)))]
pub async fn run_part(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<PartRequest>,
) -> ApiResult<axum::Json<PartUrl>> {
    let caller = runner.run(&app, RunId(id)).await?;
    if !(1..=10_000).contains(&body.part_number) {
        return Err(ApiError::invalid_member(
            "partNumber",
            "must be between 1 and 10000",
        ));
    }
    let export = caller.export.ok_or_else(ApiError::not_found)?;
    let (key, multipart) = app
        .core
        .export_parts(RunId(id), export, body.epoch, app.now())
        .await?;
    let object = result(&app, &caller, &key)?;
    Ok(axum::Json(PartUrl {
        url: app
            .objects
            .presign_part(&object, &multipart, body.part_number)
            .await?,
    }))
}

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
    let Some(export) = caller.export else {
        app.core.generate_complete(run, &body, app.now()).await?;
        return Ok(StatusCode::NO_CONTENT);
    };
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
            let object = result(&app, &caller, &key)?;
            app.objects
                .multipart_complete(&object, &multipart, &body.parts)
                .await?;
        }
        (Ok((key, multipart)), RunOutcome::Failed) => {
            let object = result(&app, &caller, &key)?;
            app.objects.multipart_abort(&object, &multipart).await?
        }
        // Already ended, or fenced: the next call tells which.
        (Err(_), _) => {}
    }
    app.core.export_complete(run, &body, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AnswersQuery {
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<i64>,
    run_id: Uuid,
    epoch: i64,
}

/// One page of answers up to the watermark.
#[utoipa::path(get, path = "/internal/exports/{id}/answers", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), AnswersQuery), responses((status = 200, body = ExportPage)))]
pub async fn export_answers(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Query(query): Query<AnswersQuery>,
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
