//! `POST /internal/runs/{id}/open`: a pod takes a run over.

use axum::extract::State;
use datacrowd_labelling::{RunCaller, RunModel, RunTarget};
use datacrowd_protocol::{
    ids::RunId,
    model::{InspectOpened, ModelOpened, PredictOpened},
    run::{ExportOpened, GenerateOpened, OpenRun, SourceFound},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{result, signable};
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

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
    Ok(axum::Json(match caller.target {
        RunTarget::Generate(_) => {
            RunOpened::Generate(Box::new(generate_open(&app, run, &caller, &body).await?))
        }
        RunTarget::Export(_) => RunOpened::Export(export_open(&app, run, &caller, &body).await?),
        RunTarget::Inspect(_) => {
            RunOpened::Inspect(Box::new(inspect_open(&app, run, &caller, &body).await?))
        }
        RunTarget::Predict(_) => {
            RunOpened::Predict(Box::new(predict_open(&app, run, &caller, &body).await?))
        }
    }))
}

/// What the runner needs, by what its run is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RunOpened {
    Generate(Box<GenerateOpened>),
    Export(ExportOpened),
    Inspect(Box<InspectOpened>),
    Predict(Box<PredictOpened>),
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
        folder: opened.folder,
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
        consensus: opened.consensus,
    })
}

/// Takes a run over that looks at a model.
async fn inspect_open(
    app: &App,
    run: RunId,
    caller: &RunCaller,
    body: &OpenRun,
) -> ApiResult<InspectOpened> {
    let opened = app.core.inspect_open(run, &body.pod_uid, app.now()).await?;
    Ok(InspectOpened {
        epoch: opened.epoch,
        completed: opened.completed,
        model: model_opened(app, caller, opened.model).await?,
    })
}

/// Takes a run over that predicts.
async fn predict_open(
    app: &App,
    run: RunId,
    caller: &RunCaller,
    body: &OpenRun,
) -> ApiResult<PredictOpened> {
    let opened = app.core.predict_open(run, &body.pod_uid, app.now()).await?;
    Ok(PredictOpened {
        epoch: opened.epoch,
        completed: opened.completed,
        prediction_id: opened.prediction,
        model: model_opened(app, caller, opened.model).await?,
        after: opened.after,
        predicted: opened.predicted,
        failed: opened.failed,
    })
}

/// A model with where its file is read. One that is not there is found by the first read.
async fn model_opened(app: &App, caller: &RunCaller, model: RunModel) -> ApiResult<ModelOpened> {
    let object = signable(app, caller, &model.source_uri, false)?;
    let object = object.ok_or_else(ApiError::not_found)?;
    Ok(ModelOpened {
        model_id: model.id,
        url: app.objects.presign_source(&object).await?,
        uri: model.source_uri,
        sha256: model.sha256,
        input: model.input,
        output: model.output,
    })
}
