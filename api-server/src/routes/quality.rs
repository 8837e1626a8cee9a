//! The quality of a project's answers, as its owner reads it, and what the owner decides.

pub mod decide;
pub mod undecide;

use chrono::{DateTime, Utc};
use datacrowd_labelling::OwnersDecision;
use datacrowd_protocol::raw::RawJson;
use serde::Serialize;
use utoipa::ToSchema;

/// What the owner said of a task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionBody {
    task_id: i64,
    /// The field that gets a consensus.
    #[schema(example = "rating")]
    field: String,
    /// Its value.
    #[schema(value_type = serde_json::Value)]
    value: RawJson,
    decided_at: DateTime<Utc>,
}

impl From<OwnersDecision> for DecisionBody {
    fn from(d: OwnersDecision) -> Self {
        Self {
            task_id: d.task.0,
            field: d.field,
            value: d.value,
            decided_at: d.decided_at,
        }
    }
}
