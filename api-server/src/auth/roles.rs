//! People by their role, with a session or a token that may be used for it.

use axum::{extract::FromRequestParts, http::request::Parts};
use datacrowd_accounts::{Caller, Role, Scope};
use datacrowd_protocol::ids::UserId;

use super::caller::{bearer_of, caller, has_scope, in_role, insufficient};
use crate::{
    error::{ApiError, ApiResult},
    state::App,
};

/// Anybody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

/// A worker.
#[derive(Debug, Clone)]
pub struct Worker(pub UserId);

/// A worker who takes something by asking: a look that holds what is shown changes something, so the scope `READ` is
/// not enough for it.
#[derive(Debug, Clone)]
pub struct TakingWorker(pub UserId);

/// An administrator.
#[derive(Debug, Clone)]
pub struct Admin(pub Caller);

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        bearer_of(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for Worker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = caller(parts, app, Scope::Work).await?;
        Ok(Self(in_role(caller, Role::Worker)?.user_id))
    }
}

impl FromRequestParts<App> for TakingWorker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = bearer_of(parts, app).await?;
        match has_scope(&caller, Scope::Work) {
            true => Ok(Self(in_role(caller, Role::Worker)?.user_id)),
            false => Err(insufficient(Scope::Work)),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = caller(parts, app, Scope::Admin).await?;
        in_role(caller, Role::Admin).map(Self)
    }
}
