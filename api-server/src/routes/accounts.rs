//! Accounts: register, sign in, stay signed in, sign out.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{NewUser, Role, Tokens, User, UserStatus};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedIn,
    client::From as CalledFrom,
    error::{ApiError, ApiResult},
    extract::Json,
    membership::invited,
    state::App,
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

/// A registration.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// The token of an invitation; needed where registration is by invitation.
    #[schema(example = "dci_…")]
    invitation: Option<String>,
}

/// Register as a WORKER, or as an invitation says.
#[utoipa::path(post, path = "/auth/register", tag = "auth", security(()), request_body = Register, responses((status = 201, body = UserBody)))]
pub async fn register(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Register>,
) -> ApiResult<impl IntoResponse> {
    let new = NewUser {
        email: body.email,
        username: body.username,
        password: body.password,
    };
    let invitation = body.invitation.as_deref();
    let registered = app.accounts.register(new, invitation, &origin).await?;
    let (user, tenant) = match &registered.unsettled {
        Some(unsettled) => invited::welcome(&app, unsettled, registered.user).await,
        None => (registered.user, None),
    };
    let body = UserBody::of(user, tenant);
    Ok((StatusCode::CREATED, axum::Json(body)))
}

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// Username or e-mail address.
    #[schema(example = "wanda")]
    login: String,
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
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

/// Sign in.
#[utoipa::path(post, path = "/auth/login", tag = "auth", security(()), request_body = Login, responses((status = 200, body = TokensBody)))]
pub async fn login(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Login>,
) -> ApiResult<axum::Json<TokensBody>> {
    let code = body.totp.as_deref();
    let tokens = app
        .accounts
        .login(&body.login, &body.password, code, &origin)
        .await?;
    Ok(axum::Json(tokens.into()))
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "b3Vyc2VsdmVz…")]
    refresh_token: String,
}

/// Exchange a refresh token for new tokens; each works once.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", security(()), request_body = Refresh, responses((status = 200, body = TokensBody)))]
pub async fn refresh(
    State(app): State<App>,
    Json(body): Json<Refresh>,
) -> ApiResult<axum::Json<TokensBody>> {
    Ok(axum::Json(
        app.accounts.refresh(&body.refresh_token).await?.into(),
    ))
}

/// End the session that a refresh token belongs to.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(()), request_body = Refresh, responses((status = 204)))]
pub async fn logout(State(app): State<App>, Json(body): Json<Refresh>) -> ApiResult<StatusCode> {
    app.accounts.logout(&body.refresh_token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who I am.
#[utoipa::path(get, path = "/me", tag = "auth", responses((status = 200, body = UserBody)))]
pub async fn me(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
) -> ApiResult<axum::Json<UserBody>> {
    let user = app
        .accounts
        .find_user(caller.user_id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let tenant = app.core.tenant_of(user.id).await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}
