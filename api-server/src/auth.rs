//! Who is calling, as extractors: a handler without one gets no data.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use datacrowd_accounts::{Caller, Credential, Role, Scope, SessionId};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::{
    WireEnum,
    ids::{TenantId, UserId},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::Query,
};

/// Anybody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

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

/// A client within its tenant, or an ADMIN in any.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who acts.
    user: UserId,
    /// The tenant; none for an ADMIN who named none.
    tenant: Option<Tenant>,
    role: Role,
    /// Whether what they call with may be used for what an administrator does.
    administers: bool,
}

impl Owner {
    /// Records what this caller is about to do, before its effect on the cluster or the object store.
    pub async fn audit(
        &self,
        app: &App,
        action: &str,
        subject: &str,
        details: Value,
    ) -> ApiResult<()> {
        app.core
            .audit_record(self.user, action, subject, details)
            .await?;
        Ok(())
    }

    /// Refuses a client where only an ADMIN decides, and an ADMIN's script that may only do what clients do.
    pub fn require_admin(&self) -> ApiResult<()> {
        match self.role {
            Role::Admin if self.administers => Ok(()),
            Role::Admin => Err(insufficient(Scope::Admin)),
            Role::Client | Role::Worker => Err(forbidden(Role::Admin.upper())),
        }
    }

    /// Who acts.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What rows this caller may see: one tenant's, or all.
    pub fn scope(&self) -> Option<TenantId> {
        self.tenant.as_ref().map(|t| t.id)
    }

    /// The tenant and its home namespace, for calls that create something.
    pub fn home(&self) -> ApiResult<(&Tenant, &str)> {
        let tenant = self.tenant.as_ref().ok_or_else(|| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "tenant_required",
                "An ADMIN has no tenant; name one with ?tenant=.",
            )
        })?;
        let namespace = tenant.namespace.as_deref().ok_or_else(|| {
            ApiError::new(
                StatusCode::CONFLICT,
                "tenant_without_home",
                "This tenant has no home namespace; make one of its users a CLIENT first.",
            )
        })?;
        Ok((tenant, namespace))
    }
}

/// 403 for who has another role.
pub fn forbidden(role: &str) -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        format!("This is for the role {role}; ask an ADMIN to give it to you."),
    )
}

/// The token of `Authorization: Bearer`; the scheme's name has no case (RFC 9110).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

/// Who calls, with whatever they call.
async fn bearer_of(parts: &Parts, app: &App) -> ApiResult<Caller> {
    let token = bearer(&parts.headers).ok_or_else(|| {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Sign in, and send the access token as Authorization: Bearer.",
        )
    })?;
    let caller = app.accounts.verify_access(token).await?;
    app.limits().account(caller.user_id)?;
    Ok(caller)
}

/// Whether what somebody calls with may be used for this; a session may be for everything.
fn has_scope(caller: &Caller, scope: Scope) -> bool {
    match &caller.credential {
        Credential::Session(_) => true,
        Credential::Token { scopes, .. } => scopes.contains(&scope),
    }
}

fn insufficient(scope: Scope) -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "insufficient_scope",
        format!(
            "This token lacks the scope {}; make one that has it.",
            scope.upper()
        ),
    )
}

/// Who calls, when what they call with may be used for `scope`; `READ` is enough to change nothing.
async fn caller(parts: &Parts, app: &App, scope: Scope) -> ApiResult<Caller> {
    let caller = bearer_of(parts, app).await?;
    let reads = parts.method.is_safe() && has_scope(&caller, Scope::Read);
    match reads || has_scope(&caller, scope) {
        true => Ok(caller),
        false => Err(insufficient(scope)),
    }
}

/// Who calls, when they have the role and what they call with its scope.
async fn with_role(parts: &Parts, app: &App, role: Role, scope: Scope) -> ApiResult<Caller> {
    let caller = caller(parts, app, scope).await?;
    if caller.role == role {
        Ok(caller)
    } else {
        Err(forbidden(role.upper()))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        bearer_of(parts, app).await.map(Self)
    }
}

/// Who calls through which session of theirs.
async fn in_session(parts: &Parts, app: &App) -> ApiResult<(Caller, SessionId)> {
    let caller = bearer_of(parts, app).await?;
    match caller.credential {
        Credential::Session(session) => Ok((caller, session)),
        Credential::Token { .. } => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "session_required",
            "A personal token cannot do this; sign in with your password.",
        )),
    }
}

/// Whether the holder of this session gave their password a short while ago.
async fn proven(app: &App, user: UserId, session: SessionId) -> ApiResult<()> {
    if app.accounts.is_freshly_proven(user, session).await? {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "reauthentication_required",
        "This needs your password of the last ten minutes; give it to POST /me/reauthenticate, then repeat this.",
    ))
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
        if caller.role != Role::Admin {
            return Err(forbidden(Role::Admin.upper()));
        }
        proven(app, caller.user_id, session).await?;
        Ok(Self(caller.user_id))
    }
}

impl FromRequestParts<App> for Worker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = with_role(parts, app, Role::Worker, Scope::Work).await?;
        Ok(Self(caller.user_id))
    }
}

impl FromRequestParts<App> for TakingWorker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = bearer_of(parts, app).await?;
        if !has_scope(&caller, Scope::Work) {
            return Err(insufficient(Scope::Work));
        }
        match caller.role {
            Role::Worker => Ok(Self(caller.user_id)),
            Role::Client | Role::Admin => Err(forbidden(Role::Worker.upper())),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        with_role(parts, app, Role::Admin, Scope::Admin)
            .await
            .map(Self)
    }
}

#[derive(Debug, Deserialize)]
struct TenantQuery {
    tenant: Option<String>,
}

impl FromRequestParts<App> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = caller(parts, app, Scope::Manage).await?;
        let tenant = match caller.role {
            Role::Client => Some(
                app.core
                    .tenant_of(caller.user_id)
                    .await?
                    .ok_or_else(|| forbidden("CLIENT with a tenant"))?,
            ),
            Role::Admin => match Query::<TenantQuery>::from_request_parts(parts, app)
                .await?
                .0
                .tenant
            {
                Some(name) => Some(app.core.tenant_by_name(&name).await?),
                None => None,
            },
            Role::Worker => return Err(forbidden("CLIENT")),
        };
        Ok(Self {
            user: caller.user_id,
            tenant,
            role: caller.role,
            administers: has_scope(&caller, Scope::Admin),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_scheme_has_no_case() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("BEARER   abc", Some("abc")),
            ("Basic abc", None),
            ("Bearerabc", None),
            ("abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), token, "{value}");
        }
    }
}
