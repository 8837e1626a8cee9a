//! Accounts: register, sign in, stay signed in, sign out.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{
    AccessError, FieldError, LoginError, NewUser, RefreshError, RegisterError, RightsError, Role,
    Tokens, Unavailable, User, UserStatus,
};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    auth::SignedIn,
    client::From as CalledFrom,
    database::is_transient,
    error::{ApiError, ApiResult},
    extract::Json,
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
}

/// Register as a WORKER.
#[utoipa::path(post, path = "/auth/register", tag = "auth", security(()), request_body = Register, responses((status = 201, body = UserBody)))]
pub async fn register(
    State(app): State<App>,
    Json(body): Json<Register>,
) -> ApiResult<impl IntoResponse> {
    let user = app
        .accounts
        .register(NewUser {
            email: body.email,
            username: body.username,
            password: body.password,
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(UserBody::of(user, None))))
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

/// 429 after too many failures.
pub fn backoff(retry_after: chrono::TimeDelta) -> ApiError {
    let seconds = retry_after.num_seconds().max(1);
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_attempts",
        format!("Too many failed attempts; try again in {seconds} seconds."),
    )
    .retry_after(seconds)
}

/// 401 for a code of the second step.
pub fn wrong_code() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "totp_wrong",
        "The code is wrong or was used before; wait for the next one.",
    )
}

/// 422 with a sentence per member.
pub fn fields(errors: Vec<FieldError>) -> ApiError {
    ApiError::invalid(
        "invalid_request",
        errors
            .into_iter()
            .map(|f| (f.field.to_owned(), f.message))
            .collect(),
    )
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        match error {
            Unavailable::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too many people are signing in at once; try again in a moment.",
            )
            .retry_after(2),
            Unavailable::Database { source, .. } if is_transient(&source) => {
                Self::database(&source)
            }
            other => Self::internal(&other),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Self::new(
                StatusCode::CONFLICT,
                "email_taken",
                "This e-mail address has an account; sign in instead.",
            ),
            RegisterError::UsernameTaken => Self::new(
                StatusCode::CONFLICT,
                "username_taken",
                "This username is taken; choose another one.",
            ),
            RegisterError::Invalid(errors) => fields(errors),
            RegisterError::Unavailable(e) => e.into(),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_credentials",
                "The name or the password is wrong; check both.",
            ),
            LoginError::Disabled => Self::new(
                StatusCode::FORBIDDEN,
                "user_disabled",
                "This account is disabled; ask an ADMIN.",
            ),
            LoginError::CodeRequired => Self::new(
                StatusCode::UNAUTHORIZED,
                "totp_required",
                "This account has a second step; send a code of your device, or a recovery code, as totp.",
            ),
            LoginError::WrongCode => wrong_code(),
            LoginError::Backoff { retry_after } => backoff(retry_after),
            LoginError::Unavailable(e) => e.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Reused => Self::new(
                StatusCode::UNAUTHORIZED,
                "refresh_token_reused",
                "This refresh token was used before, so its session was ended; sign in again.",
            ),
            RefreshError::Invalid => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_refresh_token",
                "This refresh token is not valid any more; sign in again.",
            ),
            RefreshError::Unavailable(e) => e.into(),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        let unauthorized = |code, message: &str| Self::new(StatusCode::UNAUTHORIZED, code, message);
        match error {
            AccessError::Invalid => unauthorized(
                "invalid_token",
                "The access token is not valid; sign in again.",
            ),
            AccessError::Expired => unauthorized(
                "token_expired",
                "The access token has expired; use the refresh token.",
            ),
            AccessError::Revoked => {
                unauthorized("session_over", "The session is over; sign in again.")
            }
            AccessError::Disabled => {
                unauthorized("user_disabled", "This account is disabled; ask an ADMIN.")
            }
            AccessError::Unavailable(e) => e.into(),
        }
    }
}

impl From<RightsError> for ApiError {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::NotFound => Self::not_found(),
            RightsError::LastAdmin => Self::new(
                StatusCode::CONFLICT,
                "last_admin",
                "This is the last active ADMIN; make another one first.",
            ),
            RightsError::Unavailable(e) => e.into(),
        }
    }
}
