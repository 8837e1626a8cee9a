//! Tasks: what a worker does many times a minute.

pub mod claim;
pub mod heartbeat;
pub mod held;
pub mod lock;
pub mod media;
pub mod next;
pub mod skip;
pub mod submit;
pub mod unlock;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_labelling::{Lease, Task};
use datacrowd_protocol::{
    WireEnum,
    ids::{LeaseToken, ProjectId},
    raw::RawJson,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};

/// A lease: its token goes back with the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseBody {
    #[schema(example = "17")]
    token: String,
    expires_at: DateTime<Utc>,
    /// Points that an approved answer brings: fixed when the task was taken.
    reward_points: i32,
}

impl From<Lease> for LeaseBody {
    fn from(lease: Lease) -> Self {
        Self {
            token: lease.token.to_string(),
            expires_at: lease.expires_at,
            reward_points: lease.reward_points,
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskBody {
    id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    #[schema(example = "NEW")]
    status: String,
    labeling_version: i32,
    /// The row's columns.
    #[schema(value_type = Object)]
    payload: RawJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseBody>,
    /// What a model says, by field, to begin with. Absent where no model of the project is asked to, where none says anything, and
    /// where this answer is to be given without.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<Object>, example = json!({"voice": "synthetic"}))]
    prefill: BTreeMap<String, Value>,
}

impl From<Task> for TaskBody {
    fn from(t: Task) -> Self {
        Self {
            id: t.id.0,
            project_id: t.project.0,
            dataset_id: t.dataset.0,
            batch_id: t.batch.0,
            status: t.status.upper().into(),
            labeling_version: t.labeling_version,
            payload: t.payload,
            lease: t.lease.map(Into::into),
            prefill: t.prefill,
        }
    }
}

/// Which project; any with work when absent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct InProject {
    project_id: Option<Uuid>,
}

impl InProject {
    pub fn project(&self) -> Option<ProjectId> {
        self.project_id.map(ProjectId)
    }
}

/// Several tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tasks {
    tasks: Vec<TaskBody>,
}

/// The lease that this is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithLease {
    #[schema(example = "81723")]
    lease_token: String,
}

fn token(text: &str) -> ApiResult<LeaseToken> {
    text.parse()
        .map_err(|_| ApiError::invalid_member("leaseToken", "is not a token that this server gave"))
}
