//! My sessions and my password.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{PasswordChangeError, Session, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::accounts::{backoff, fields};
use crate::{
    app::App,
    auth::InSession,
    client::From as CalledFrom,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
};

/// One sign-in on one device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    id: Uuid,
    /// Whether this request came through it.
    current: bool,
    /// Where it began.
    ip: Option<String>,
    /// What the client called itself.
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    /// When it ends if it is not used.
    expires_at: DateTime<Utc>,
}

impl SessionBody {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            current: session.id == current,
            ip: session.ip,
            user_agent: session.user_agent,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// Live sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sessions {
    items: Vec<SessionBody>,
}

/// My live sessions, the newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", responses((status = 200, body = Sessions)))]
pub async fn session_list(
    State(app): State<App>,
    InSession { user, session }: InSession,
) -> ApiResult<axum::Json<Sessions>> {
    let sessions = app.accounts.list_sessions(user).await?.into_iter();
    let items = sessions.map(|s| SessionBody::of(s, session)).collect();
    Ok(axum::Json(Sessions { items }))
}

/// End one of my sessions; its tokens open nothing within half a minute.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn session_revoke(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    if app.accounts.revoke_session(user, SessionId(id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}

/// The present password and the next one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(example = "correct horse battery staple")]
    password: String,
    #[schema(example = "another horse, another battery")]
    new_password: String,
}

/// Change my password; all my other sessions end.
#[utoipa::path(patch, path = "/me/password", tag = "me", request_body = ChangePassword, responses((status = 204)))]
pub async fn password_change(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ChangePassword>,
) -> ApiResult<StatusCode> {
    app.accounts
        .change_password(user, session, &body.password, &body.new_password, &origin)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 403 for a password that does not prove its owner.
pub fn wrong_password() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "wrong_password",
        "The present password is wrong; check it.",
    )
}

impl From<PasswordChangeError> for ApiError {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::WrongPassword => wrong_password(),
            PasswordChangeError::Backoff { retry_after } => backoff(retry_after),
            PasswordChangeError::Invalid(errors) => fields(errors),
            PasswordChangeError::Unavailable(e) => e.into(),
        }
    }
}
