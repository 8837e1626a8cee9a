//! Reviews: one worker decides on another's answer.

pub mod approve;
pub mod claim;
pub mod next;
pub mod reject;
pub mod undo;

use chrono::{DateTime, Utc};
use datacrowd_labelling::{PreviousDecision, ReviewCandidate, Reviewed};
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

impl From<ReviewCandidate> for ReviewBody {
    fn from(r: ReviewCandidate) -> Self {
        Self {
            answer_id: r.answer_id.0,
            task: r.task.into(),
            answer: r.answer,
            submitted_at: r.submitted_at,
            previous_decisions: r.previous.into_iter().map(Into::into).collect(),
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
