//! My personal tokens, for scripts.

pub mod create;
pub mod list;
pub mod revoke;

use chrono::{DateTime, Utc};
use datacrowd_accounts::{PersonalToken, Scope};
use datacrowd_protocol::Upper;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonalTokenBody {
    id: Uuid,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Upper<Scope>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// To half a minute.
    last_used_at: Option<DateTime<Utc>>,
    /// What a script sends as `Authorization: Bearer`; in the answer of its creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "dcp_…")]
    token: Option<String>,
}

impl From<PersonalToken> for PersonalTokenBody {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            scopes: token.scopes.into_iter().map(Upper).collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            token: None,
        }
    }
}
