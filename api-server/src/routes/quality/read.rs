//! `GET /projects/{id}/quality`.

use axum::extract::State;
use datacrowd_labelling::{Estimate, FieldQuality, LabelCount, Quality};
use datacrowd_protocol::{Upper, ids::ProjectId, labeling::ConsensusMethod, raw::RawJson};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::measured;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    state::App,
};

/// How sure a label is that counts as sure, when nobody says.
const CONFIDENCE: f64 = 0.9;

/// A number with the interval that holds 95 % of samples of as many tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstimateBody {
    value: f64,
    /// Absent where fewer than half of the samples have a number.
    low: Option<f64>,
    high: Option<f64>,
}

impl From<Estimate> for EstimateBody {
    fn from(estimate: Estimate) -> Self {
        Self {
            value: estimate.value,
            low: estimate.interval.map(|interval| interval.low),
            high: estimate.interval.map(|interval| interval.high),
        }
    }
}

/// How often a label came.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelCountBody {
    /// The value of the field.
    #[schema(value_type = serde_json::Value)]
    value: RawJson,
    /// Answers that gave it.
    answers: u64,
    /// Tasks whose label it is.
    tasks: u64,
}

impl From<LabelCount> for LabelCountBody {
    fn from(count: LabelCount) -> Self {
        Self {
            value: count.value,
            answers: count.answers,
            tasks: count.tasks,
        }
    }
}

/// How much people agree in one field, and on what.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldQualityBody {
    #[schema(example = "rating")]
    field: String,
    /// How answers become one label: the project's method for its field with a consensus, else a majority vote.
    #[schema(value_type = String, example = "MAJORITY_VOTE")]
    method: Upper<ConsensusMethod>,
    tasks: usize,
    answers: usize,
    /// Krippendorff's α (nominal); null where nobody could disagree.
    alpha: Option<EstimateBody>,
    /// Share of pairs of answers to a task that are equal, mean over tasks; null without a task of two answers.
    raw_agreement: Option<EstimateBody>,
    /// Gwet's AC1, which does not collapse where one label dominates.
    ac1: Option<EstimateBody>,
    /// In sorted order; rows and columns of `confusion` are in it.
    labels: Vec<LabelCountBody>,
    /// How often each label (column) was given to tasks whose label is each (row).
    confusion: Vec<Vec<u64>>,
    /// Share of tasks whose label is at least as sure as `confidence`; null without tasks.
    confident: Option<f64>,
    /// Tasks that the owner decided; they count as sure.
    decided: usize,
}

impl From<FieldQuality> for FieldQualityBody {
    fn from(f: FieldQuality) -> Self {
        let share = |part: usize| {
            #[expect(clippy::cast_precision_loss, reason = "a sample's tasks are few")]
            (f.tasks > 0).then(|| part as f64 / f.tasks as f64)
        };
        Self {
            confident: share(f.confident),
            field: f.field,
            method: Upper(f.method),
            tasks: f.tasks,
            answers: f.answers,
            alpha: f.alpha.map(Into::into),
            raw_agreement: f.raw.map(Into::into),
            ac1: f.ac1.map(Into::into),
            labels: f.labels.into_iter().map(Into::into).collect(),
            confusion: f.confusion,
            decided: f.decided,
        }
    }
}

/// The quality of a project's approved answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityBody {
    /// Approved answers that were measured: the latest, 10,000 at most.
    answers: usize,
    /// Whether the project may have more of them.
    is_sample: bool,
    /// From which confidence on a label counts as sure.
    confidence: f64,
    /// Tasks whose label is less sure than the project wants it, and that ended for want of quota for one answer more: a grant
    /// opens them again.
    below_confidence: i64,
    /// Fields of one choice, or of true or false: the one with the consensus first, ten at most.
    fields: Vec<FieldQualityBody>,
}

impl QualityBody {
    fn new(quality: Quality, confidence: f64) -> Self {
        Self {
            answers: quality.answers,
            is_sample: quality.is_cut,
            confidence,
            below_confidence: quality.below_confidence,
            fields: quality.fields.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which label counts as sure.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sure {
    /// From which confidence on a label counts as sure, 0 to 1; 0.9 when absent.
    confidence: Option<f64>,
}

/// How much the latest answers agree, on what, and how sure their labels are. `docs/quality.md` has the formulas.
#[utoipa::path(get, path = "/projects/{id}/quality", tag = "quality", params(("id" = Uuid, Path), Sure), responses((status = 200, body = QualityBody)))]
pub async fn project_quality(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(sure): Query<Sure>,
) -> ApiResult<axum::Json<QualityBody>> {
    let confidence = sure.confidence.unwrap_or(CONFIDENCE);
    if !(0.0..=1.0).contains(&confidence) {
        return Err(ApiError::invalid_member(
            "confidence",
            "must be between 0 and 1",
        ));
    }
    let sample = app
        .core
        .quality_sample(owner.scope(), ProjectId(id))
        .await?;
    let quality = measured(move || sample.measure(confidence)).await?;
    Ok(axum::Json(QualityBody::new(quality, confidence)))
}
