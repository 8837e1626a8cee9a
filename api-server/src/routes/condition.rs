//! Conditions of a resource, as its status has them.

use datacrowd_crds::condition::{Condition, ConditionStatus, ConditionType};
use serde::Serialize;
use utoipa::ToSchema;

/// One condition.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionBody {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "Ready")]
    kind: ConditionType,
    /// True, False or Unknown.
    #[schema(value_type = String, example = "False")]
    status: ConditionStatus,
    /// Why, for programs.
    #[schema(example = "PaymentRequired")]
    reason: String,
    /// Why, for people; ends with what to do.
    message: String,
    /// When `status` last changed.
    #[schema(format = DateTime)]
    last_transition_time: String,
}

impl ConditionBody {
    /// All of a resource's.
    pub fn all(conditions: Vec<Condition>) -> Vec<Self> {
        conditions.into_iter().map(Into::into).collect()
    }
}

impl From<Condition> for ConditionBody {
    fn from(c: Condition) -> Self {
        Self {
            kind: c.kind,
            status: c.status,
            reason: c.reason,
            message: c.message,
            last_transition_time: c.last_transition_time.0.to_string(),
        }
    }
}
