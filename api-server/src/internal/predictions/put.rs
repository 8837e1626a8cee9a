//! `PUT /internal/predictions`.

use axum::extract::State;
use datacrowd_crds::PredictionSpec;
use datacrowd_protocol::internal::{PredictionView, Upsert};
use serde_json::Value;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App, upsert};

/// Upsert a Prediction's index row.
#[utoipa::path(put, path = "/internal/predictions", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = PredictionView)))]
pub async fn prediction_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<PredictionSpec>>,
) -> ApiResult<axum::Json<PredictionView>> {
    let upsert = upsert::prediction(up);
    Ok(axum::Json(app.core.prediction_upsert(&upsert).await?))
}
