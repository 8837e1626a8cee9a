//! Who is calling, as extractors: a handler without one gets no data.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use datacrowd_accounts::{Caller, Role};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::ids::{TenantId, UserId};
use serde::Deserialize;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::Query,
};

/// Anybody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

/// A worker.
#[derive(Debug, Clone)]
pub struct Worker(pub UserId);

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
}

impl Owner {
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

fn forbidden(role: &str) -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        format!("This is for the role {role}; ask an ADMIN to give it to you."),
    )
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Sign in, and send the access token as Authorization: Bearer.",
            )
        })?;
        Ok(Self(app.accounts.verify_access(token).await?))
    }
}

impl FromRequestParts<App> for Worker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, app).await?;
        if caller.role == Role::Worker {
            Ok(Self(caller.user_id))
        } else {
            Err(forbidden("WORKER"))
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, app).await?;
        if caller.role == Role::Admin {
            Ok(Self(caller))
        } else {
            Err(forbidden("ADMIN"))
        }
    }
}

#[derive(Debug, Deserialize)]
struct TenantQuery {
    tenant: Option<String>,
}

impl FromRequestParts<App> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, app).await?;
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
        })
    }
}
