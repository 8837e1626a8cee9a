//! What events say of people: never which account is whose.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Of a worker in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerData {
    /// The project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The pseudonym under which exports name the worker; none before their first answer was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// What the project does about it, BLOCK or REVIEW; of `disqualified` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Answers that were right; of `qualified` and `disqualified` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<i64>,
    /// Answers that were compared; of `qualified` and `disqualified` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// Of an invitation to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationData {
    /// The invitation.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub invitation_id: Uuid,
    /// The role of who comes with it, CLIENT.
    pub role: String,
    /// Until when somebody can.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: DateTime<Utc>,
}
