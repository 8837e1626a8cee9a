//! Accounts: register, sign in, stay signed in, sign out.

pub mod login;
pub mod logout;
pub mod me;
pub mod refresh;
pub mod register;

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{Role, Tokens, User, UserStatus};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::refresh_cookie,
    error::{ApiError, ApiResult},
};

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
    /// Absent where the session's cookie holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Where a client keeps its refresh token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SessionKind {
    /// Itself: a program.
    #[default]
    Token,
    /// In a cookie that only the endpoints below `/api/v1/auth` are sent: a page in a browser.
    Cookie,
}

impl SessionKind {
    /// The answer with which such a session begins or goes on.
    fn answer(self, tokens: Tokens) -> Response {
        let cookie = (self == Self::Cookie).then(|| [refresh_cookie::set(&tokens)]);
        let body = TokensBody {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in.num_seconds(),
            refresh_token: Some(tokens.refresh_token).filter(|_| self == Self::Token),
        };
        match cookie {
            Some(cookie) => (cookie, axum::Json(body)).into_response(),
            None => axum::Json(body).into_response(),
        }
    }
}

/// A refresh token; absent where the session's cookie holds it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "b3Vyc2VsdmVz…")]
    refresh_token: Option<String>,
}

impl Refresh {
    /// The token, and where it was kept.
    fn token<'a>(&'a self, headers: &'a HeaderMap) -> ApiResult<(&'a str, SessionKind)> {
        if let Some(token) = &self.refresh_token {
            return Ok((token, SessionKind::Token));
        }
        match refresh_cookie::get(headers) {
            Some(token) => Ok((token, SessionKind::Cookie)),
            None => Err(ApiError::invalid_member(
                "refreshToken",
                "is required, since no cookie of a session was sent either",
            )),
        }
    }
}
