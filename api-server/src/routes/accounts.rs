//! Accounts: register, sign in, stay signed in, sign out.

pub mod login;
pub mod logout;
pub mod me;
pub mod refresh;
pub mod register;

use chrono::{DateTime, Utc};
use datacrowd_accounts::{Role, Tokens, User, UserStatus};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    id: Uuid,
    email: String,
    username: String,
    #[schema(value_type = String, example = "WORKER")]
    role: Upper<Role>,
    #[schema(value_type = String, example = "ACTIVE")]
    status: Upper<UserStatus>,
    created_at: DateTime<Utc>,
    /// The tenant a CLIENT belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantBody>,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantBody {
    name: String,
    namespace: Option<String>,
}

impl UserBody {
    pub fn of(user: User, tenant: Option<datacrowd_labelling::Tenant>) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            username: user.username,
            role: Upper(user.role),
            status: Upper(user.status),
            created_at: user.created_at,
            tenant: tenant.map(|t| TenantBody {
                name: t.name,
                namespace: t.namespace,
            }),
        }
    }
}

/// What a signed-in client holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokensBody {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    refresh_token: String,
}

impl From<Tokens> for TokensBody {
    fn from(t: Tokens) -> Self {
        Self {
            access_token: t.access_token,
            token_type: "Bearer",
            expires_in: t.expires_in.num_seconds(),
            refresh_token: t.refresh_token,
        }
    }
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "b3Vyc2VsdmVz…")]
    refresh_token: String,
}
