//! What predictors that keep their model loaded call: which model it is, the next item, what came of it.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use chrono::TimeDelta;
use datacrowd_labelling::{RunModel, WarmModel};
use datacrowd_protocol::{
    ids::ModelId,
    model::{
        LEASE_SECONDS, LONGEST_WAIT_SECONDS, ModelOpened, PredictItem, QueueLeased, QueueReport,
        QueueReturn, QueueTake,
    },
    object::Origin,
};
use uuid::Uuid;

use super::runs::{items::told, predictions::count};
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// How often the queue is looked at for who waits.
const LOOK: Duration = Duration::from_millis(200);

/// The model that a predictor is to keep loaded.
#[utoipa::path(post, path = "/internal/models/{id}/queue/open", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), responses((status = 200, body = ModelOpened)))]
pub async fn queue_open(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<ModelOpened>> {
    let WarmModel { namespace, model } = runner.model(&app, ModelId(id)).await?;
    let origin = app
        .objects
        .bucket()
        .origin(&namespace, &model.source_uri, false);
    let object = origin.ok().and_then(Origin::platform);
    let object = object.ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(ModelOpened {
        model_id: model.id,
        url: app.objects.presign_source(&object).await?,
        uri: model.source_uri,
        sha256: model.sha256,
        input: model.input,
        output: model.output,
    }))
}

/// Take the item that waited longest; where there is none, wait for one.
#[utoipa::path(post, path = "/internal/models/{id}/queue/lease", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = QueueTake, responses((status = 200, body = QueueLeased)))]
pub async fn queue_lease(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(take): Json<QueueTake>,
) -> ApiResult<axum::Json<QueueLeased>> {
    let model = runner.model(&app, ModelId(id)).await?.model;
    let looks = Duration::from_secs(take.wait_seconds.min(LONGEST_WAIT_SECONDS)).as_millis()
        / LOOK.as_millis();
    // What the lease holds already is given out at once.
    let mut item = lease(&app, &model, take.lease).await?;
    for _ in 0..looks {
        if item.is_some() || app.is_draining() {
            break;
        }
        tokio::time::sleep(LOOK).await;
        if app.core.queue_is_due(model.id, app.now()).await? {
            item = lease(&app, &model, take.lease).await?;
        }
    }
    Ok(axum::Json(QueueLeased { item }))
}

async fn lease(app: &App, model: &RunModel, lease: Uuid) -> ApiResult<Option<PredictItem>> {
    let hold = TimeDelta::seconds(LEASE_SECONDS);
    let leased = app
        .core
        .queue_lease(model.id, (lease, 1), hold, app.now())
        .await?;
    match leased.items.into_iter().next() {
        Some(item) => {
            let mut item = told(app, item).await?;
            if item.url.is_some() {
                item.windows = model.output.most_windows();
            }
            Ok(Some(item))
        }
        None => Ok(None),
    }
}

/// Say what came of the item that a lease holds.
#[utoipa::path(post, path = "/internal/models/{id}/queue/report", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = QueueReport, responses((status = 204)))]
pub async fn queue_report(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(report): Json<QueueReport>,
) -> ApiResult<StatusCode> {
    let model = runner.model(&app, ModelId(id)).await?.model.id;
    app.core
        .queue_report(model, report.lease, &report.item, app.now())
        .await?;
    count(&report.item);
    Ok(StatusCode::NO_CONTENT)
}

/// Give back what was not begun.
#[utoipa::path(post, path = "/internal/models/{id}/queue/return", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = QueueReturn, responses((status = 204)))]
pub async fn queue_return(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(back): Json<QueueReturn>,
) -> ApiResult<StatusCode> {
    let model = runner.model(&app, ModelId(id)).await?.model.id;
    app.core.queue_return(model, back.lease).await?;
    Ok(StatusCode::NO_CONTENT)
}
