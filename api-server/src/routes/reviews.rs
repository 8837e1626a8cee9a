//! Reviews: one worker decides on another's answer.

pub mod approve;
pub mod claim;
pub mod next;
pub mod reject;
pub mod undo;

use chrono::{DateTime, Utc};
use datacrowd_labelling::{ModelSaid, PreviousDecision, ReviewCandidate, Reviewed};
use datacrowd_protocol::{WireEnum, raw::RawJson};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::{ApiError, ApiResult},
    routes::tasks::TaskBody,
    words,
};

/// A reviewer's decision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviousBody {
    decision: String,
    comment: String,
    at: DateTime<Utc>,
}

/// What a model says of the task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelSaidBody {
    /// The name of its resource.
    #[schema(example = "voice")]
    model: String,
    /// The question of the form that it answers.
    #[schema(example = "voice")]
    field: String,
    /// As a person would give it.
    #[schema(value_type = serde_json::Value, example = "synthetic")]
    label: serde_json::Value,
    /// Of the label, from 0 to 1; null of a number.
    #[schema(example = 0.97)]
    probability: Option<f64>,
}

/// An answer that waits for me.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewBody {
    answer_id: i64,
    task: TaskBody,
    #[schema(value_type = Object)]
    answer: RawJson,
    submitted_at: DateTime<Utc>,
    previous_decisions: Vec<PreviousBody>,
    /// What models say of the task; whoever labels it is not told. Judge the answer first.
    models: Vec<ModelSaidBody>,
}

impl From<PreviousDecision> for PreviousBody {
    fn from(p: PreviousDecision) -> Self {
        Self {
            decision: p.decision.to_ascii_uppercase(),
            comment: p.comment,
            at: p.at,
        }
    }
}

impl From<ModelSaid> for ModelSaidBody {
    fn from(said: ModelSaid) -> Self {
        let ModelSaid {
            model,
            field,
            label,
            probability,
        } = said;
        Self {
            model,
            field,
            label,
            probability,
        }
    }
}

impl From<ReviewCandidate> for ReviewBody {
    fn from(r: ReviewCandidate) -> Self {
        Self {
            answer_id: r.answer_id.0,
            task: r.task.into(),
            answer: r.answer,
            submitted_at: r.submitted_at,
            previous_decisions: r.previous.into_iter().map(Into::into).collect(),
            models: r.models.into_iter().map(Into::into).collect(),
        }
    }
}

/// A comment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    #[serde(default)]
    #[schema(example = "The second sentence is ironic.")]
    comment: Option<String>,
}

/// What became of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewedBody {
    answer_id: i64,
    #[schema(example = "APPROVED")]
    status: String,
}

impl From<Reviewed> for ReviewedBody {
    fn from(r: Reviewed) -> Self {
        Self {
            answer_id: r.answer_id.0,
            status: r.status.upper().into(),
        }
    }
}

fn comment(text: Option<String>) -> ApiResult<String> {
    let text = words::seen(&text.unwrap_or_default()).to_owned();
    if text.chars().count() > 2000 {
        Err(ApiError::invalid_member(
            "comment",
            "must have at most 2000 characters",
        ))
    } else {
        Ok(text)
    }
}
