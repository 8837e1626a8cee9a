//! Who owns projects: a client within its tenant, or an ADMIN in any.

use axum::{extract::FromRequestParts, http::request::Parts};
use datacrowd_accounts::{Role, Scope};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::{
    WireEnum,
    ids::{TenantId, UserId},
};
use serde::Deserialize;
use serde_json::Value;

use super::caller::{caller, has_scope, insufficient};
use crate::{
    error::{ApiError, ApiResult, Code},
    extract::Query,
    state::App,
};

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
            Role::Client | Role::Worker => Err(ApiError::forbidden(Role::Admin.upper())),
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
        let tenant = self
            .tenant
            .as_ref()
            .ok_or_else(|| ApiError::new(Code::TenantRequired))?;
        let namespace = tenant
            .namespace
            .as_deref()
            .ok_or_else(|| ApiError::new(Code::TenantWithoutHome))?;
        Ok((tenant, namespace))
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
                    .ok_or_else(|| ApiError::forbidden("CLIENT with a tenant"))?,
            ),
            Role::Admin => match Query::<TenantQuery>::from_request_parts(parts, app)
                .await?
                .0
                .tenant
            {
                Some(name) => Some(app.core.tenant_by_name(&name).await?),
                None => None,
            },
            Role::Worker => return Err(ApiError::forbidden("CLIENT")),
        };
        Ok(Self {
            user: caller.user_id,
            tenant,
            role: caller.role,
            administers: has_scope(&caller, Scope::Admin),
        })
    }
}
