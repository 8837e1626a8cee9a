//! My sessions, proving anew who I am, and my password.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{PasswordChange, Session, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::InSession,
    client::From as CalledFrom,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
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

/// What proves who I am.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauthenticate {
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
}

/// For how long that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reauthenticated {
    /// Until then this session does what needs a fresh password.
    until: DateTime<Utc>,
}

/// Give my password anew, for what needs it fresh: roles, invitations, reset links, tokens, the second step. Signing in
/// counts as well; either is good for ten minutes.
#[utoipa::path(post, path = "/me/reauthenticate", tag = "me", request_body = Reauthenticate, responses((status = 200, body = Reauthenticated)))]
pub async fn reauthenticate(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Reauthenticate>,
) -> ApiResult<axum::Json<Reauthenticated>> {
    let code = body.totp.as_deref();
    let until = app
        .accounts
        .reauthenticate(user, session, &body.password, code, &origin)
        .await?;
    Ok(axum::Json(Reauthenticated { until }))
}

/// The present password and the next one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(example = "correct horse battery staple")]
    password: String,
    #[schema(example = "another horse, another battery")]
    new_password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
    /// Whether my personal tokens end, too; they stay when absent.
    #[serde(default)]
    end_personal_tokens: bool,
}

/// Change my password; all my other sessions end, and where I want it my personal tokens.
#[utoipa::path(patch, path = "/me/password", tag = "me", request_body = ChangePassword, responses((status = 204)))]
pub async fn password_change(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ChangePassword>,
) -> ApiResult<StatusCode> {
    let change = PasswordChange {
        present: &body.password,
        code: body.totp.as_deref(),
        new: &body.new_password,
        end_tokens: body.end_personal_tokens,
    };
    app.accounts
        .change_password(user, session, change, &origin)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
