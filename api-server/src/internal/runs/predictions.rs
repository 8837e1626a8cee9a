//! `POST /internal/runs/{id}/predictions`.

use axum::extract::State;
use datacrowd_labelling::RunTarget;
use datacrowd_protocol::{
    WireEnum,
    ids::RunId,
    model::{MOST_ITEMS, Predicted, PredictionsReport, PredictionsTaken},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    metrics::server,
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
    let (taken, fresh) = taken.await?;
    let told = report.items.len().saturating_sub(fresh);
    report.items.iter().skip(told).for_each(count);
    Ok(axum::Json(taken))
}

/// What one item is to who watches the platform.
pub fn count(item: &Predicted) {
    let outcome = item
        .failure
        .as_ref()
        .map_or("predicted", |f| f.reason.column());
    server::PREDICTED_ITEMS.with([outcome]).increment(1);
    if let Some(probability) = item.probability {
        server::PREDICTION_PROBABILITY.only().record(probability);
    }
    if item.failure.is_none() {
        let micros = u32::try_from(item.micros).unwrap_or(u32::MAX);
        server::PREDICTION_SECONDS
            .only()
            .record(f64::from(micros) / 1e6);
    }
}
