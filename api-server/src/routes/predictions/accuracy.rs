//! `GET /predictions/{id}/accuracy`.

use axum::extract::State;
use datacrowd_labelling::{CalibrationBin, ComparedLabels, ModelAccuracy};
use datacrowd_protocol::{ids::PredictionId, model::NumberError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// How a model's word compares with people's labels.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccuracyBody {
    /// Items with a prediction and a label of people: what the owner decided, else what most of the approved answers say, of numbers their median.
    compared: u32,
    /// Of these, items whose labels are alike, or whose numbers are equal.
    right: u32,
    /// Their share; null when nothing was compared, and of numbers.
    #[schema(example = 0.93)]
    accuracy: Option<f64>,
    /// Wilson's interval of 95 %.
    accuracy_low: f64,
    accuracy_high: f64,
    /// How often the labels met; pairs that did not are left out.
    confusion: Vec<ComparedLabelsBody>,
    /// How often the model is right where it is about as sure.
    calibration: Vec<CalibrationBinBody>,
    /// Of numbers: how far the model's are from people's. Null of labels.
    error: Option<NumberError>,
}

/// How often a label of the model met one of people's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedLabelsBody {
    /// The model's.
    #[schema(value_type = serde_json::Value, example = "synthetic")]
    predicted: serde_json::Value,
    /// People's.
    #[schema(value_type = serde_json::Value, example = "human")]
    given: serde_json::Value,
    items: u32,
}

/// Items of which the model is about as sure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationBinBody {
    /// Probabilities of the model's label from here on,
    #[schema(example = 0.9)]
    from: f64,
    /// below this; 1 belongs to the last.
    #[schema(example = 1.0)]
    to: f64,
    items: u32,
    right: u32,
    /// Their mean probability: what the share of right ones is where the model is calibrated.
    #[schema(example = 0.95)]
    probability: f64,
}

impl From<ModelAccuracy> for AccuracyBody {
    fn from(found: ModelAccuracy) -> Self {
        Self {
            compared: found.right.total(),
            right: found.right.correct(),
            accuracy: found.right.value().filter(|_| found.error.is_none()),
            accuracy_low: found.interval.0,
            accuracy_high: found.interval.1,
            confusion: found
                .cells
                .into_iter()
                .map(ComparedLabelsBody::from)
                .collect(),
            calibration: found
                .bins
                .into_iter()
                .map(CalibrationBinBody::from)
                .collect(),
            error: found.error,
        }
    }
}

impl From<ComparedLabels> for ComparedLabelsBody {
    fn from(cell: ComparedLabels) -> Self {
        Self {
            predicted: cell.predicted,
            given: cell.given,
            items: cell.items,
        }
    }
}

impl From<CalibrationBin> for CalibrationBinBody {
    fn from(bin: CalibrationBin) -> Self {
        Self {
            from: bin.from,
            to: bin.to,
            items: bin.right.total(),
            right: bin.right.correct(),
            probability: bin.probability,
        }
    }
}

/// How often the model says what people say of the same items, and how far its probabilities may be trusted.
#[utoipa::path(get, path = "/predictions/{id}/accuracy", tag = "predictions", params(("id" = Uuid, Path)), responses((status = 200, body = AccuracyBody)))]
pub async fn prediction_accuracy(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<AccuracyBody>> {
    let prediction = app.core.prediction_get(owner.scope(), PredictionId(id));
    let prediction = prediction.await?;
    let found = app.core.prediction_accuracy(&prediction).await?;
    Ok(axum::Json(AccuracyBody::from(found)))
}
