//! `POST /internal/runs/{id}/items`.

use axum::extract::State;
use datacrowd_labelling::{ItemSource, Media, RunTarget, UnpredictedItem};
use datacrowd_protocol::{
    ids::RunId,
    model::{ItemFailed, ItemFailure, ItemsPage, ItemsRequest, PredictItem},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    media::{self, Located},
    state::App,
};

/// The next items of the run's dataset, each with what its model reads.
#[utoipa::path(post, path = "/internal/runs/{id}/items", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = ItemsRequest, responses((status = 200, body = ItemsPage)))]
pub async fn run_items(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<ItemsRequest>,
) -> ApiResult<axum::Json<ItemsPage>> {
    let run = RunId(id);
    let RunTarget::Predict(prediction) = runner.run(&app, run).await?.target else {
        return Err(ApiError::not_found());
    };
    app.core.run_heartbeat(run, body.epoch, app.now()).await?;
    let unpredicted = app.core.unpredicted(prediction, body.after).await?;
    let mut items = Vec::with_capacity(unpredicted.len());
    for item in unpredicted {
        items.push(told(&app, item).await?);
    }
    Ok(axum::Json(ItemsPage { items }))
}

/// An item, for whoever predicts it.
pub async fn told(app: &App, item: UnpredictedItem) -> ApiResult<PredictItem> {
    let UnpredictedItem {
        task,
        row_no,
        source,
    } = item;
    let mut told = PredictItem {
        task_id: task,
        row_no,
        url: None,
        etag: None,
        name: None,
        cells: Default::default(),
        failure: None,
        windows: 0,
    };
    match source {
        ItemSource::Cells(cells) => told.cells = cells,
        ItemSource::NoMedia { column } => {
            let message = format!(
                "Column \"{column}\" names no recording; correct the file and bring it as another Dataset."
            );
            told.failure = Some(failed(ItemFailure::MissingColumn, message));
        }
        ItemSource::Media(found) => match media::locate(app, &found).await {
            Ok(Located::Object(object)) => {
                told.url = Some(app.objects.presign_source(&object).await?);
                told.name = object.key().rsplit('/').next().map(str::to_owned);
                told.etag = found.pinned;
            }
            Ok(Located::Elsewhere(_)) => told.failure = Some(elsewhere(&found)),
            Err(error) if error.is_refusal() => told.failure = Some(refused(&error)),
            Err(error) => return Err(error),
        },
    }
    Ok(told)
}

/// A pod that runs models reaches the platform and its object store, and nothing else.
fn elsewhere(media: &Media) -> ItemFailed {
    let message = format!(
        "{} is on another server, which models do not reach; put the file below your own prefix.",
        media.value.chars().take(80).collect::<String>()
    );
    failed(ItemFailure::Unreachable, message)
}

fn refused(error: &ApiError) -> ItemFailed {
    match error.is_not_found() {
        true => failed(
            ItemFailure::NotFound,
            "The file that the cell names is not there; put it there, and predict again.".into(),
        ),
        false => failed(
            ItemFailure::Unreachable,
            "The cell names nothing that the platform can read; name a file below your own prefix."
                .into(),
        ),
    }
}

fn failed(reason: ItemFailure, message: String) -> ItemFailed {
    ItemFailed { reason, message }
}
