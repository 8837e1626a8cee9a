//! `POST /internal/runs/{id}/predictions`.

use axum::extract::State;
use datacrowd_labelling::RunTarget;
use datacrowd_protocol::{
    ids::RunId,
    model::{MOST_ITEMS, PredictionsReport, PredictionsTaken},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// Say what came of items. The same again changes nothing.
#[utoipa::path(post, path = "/internal/runs/{id}/predictions", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = PredictionsReport, responses((status = 200, body = PredictionsTaken)))]
pub async fn run_predictions(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(report): Json<PredictionsReport>,
) -> ApiResult<axum::Json<PredictionsTaken>> {
    let run = RunId(id);
    let RunTarget::Predict(prediction) = runner.run(&app, run).await?.target else {
        return Err(ApiError::not_found());
    };
    if report.items.len() > MOST_ITEMS {
        return Err(ApiError::invalid_member(
            "items",
            format!("holds more than {MOST_ITEMS}; tell of them in parts"),
        ));
    }
    let taken = app
        .core
        .predictions_take(run, prediction, &report, app.now());
    Ok(axum::Json(taken.await?))
}
