//! People who signed in themselves.

use axum::{extract::FromRequestParts, http::request::Parts};
use datacrowd_accounts::{Caller, Credential, Role, SessionId};
use datacrowd_protocol::ids::UserId;

use super::caller::{bearer_of, in_role};
use crate::{
    error::{ApiError, ApiResult, Code},
    state::App,
};

/// Somebody who signed in themselves: their own security is no business of a script's token.
#[derive(Debug, Clone)]
pub struct InSession {
    /// Who.
    pub user: UserId,
    /// Through which session.
    pub session: SessionId,
}

/// Somebody who signed in themselves, and gave their password (and a code, where there is a second step) at most ten
/// minutes ago: for what a stolen session must not reach.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Who.
    pub user: UserId,
    /// Through which session.
    pub session: SessionId,
}

/// An administrator who is [`Proven`]: for decisions about other people's rights.
#[derive(Debug, Clone)]
pub struct ProvenAdmin(pub UserId);

/// Who calls through which session of theirs.
async fn in_session(parts: &Parts, app: &App) -> ApiResult<(Caller, SessionId)> {
    let caller = bearer_of(parts, app).await?;
    match caller.credential {
        Credential::Session(session) => Ok((caller, session)),
        Credential::Token { .. } => Err(ApiError::new(Code::SessionRequired)),
    }
}

/// Whether the holder of this session gave their password a short while ago.
async fn proven(app: &App, user: UserId, session: SessionId) -> ApiResult<()> {
    if app
        .accounts
        .is_freshly_proven(user, session, app.now())
        .await?
    {
        return Ok(());
    }
    Err(ApiError::new(Code::ReauthenticationRequired))
}

impl FromRequestParts<App> for InSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let (caller, session) = in_session(parts, app).await?;
        Ok(Self {
            user: caller.user_id,
            session,
        })
    }
}

impl FromRequestParts<App> for Proven {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let (caller, session) = in_session(parts, app).await?;
        let user = caller.user_id;
        proven(app, user, session).await?;
        Ok(Self { user, session })
    }
}

impl FromRequestParts<App> for ProvenAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let (caller, session) = in_session(parts, app).await?;
        let caller = in_role(caller, Role::Admin)?;
        proven(app, caller.user_id, session).await?;
        Ok(Self(caller.user_id))
    }
}
