//! What the context of accounts refuses, as answers.

use axum::http::StatusCode;
use datacrowd_accounts::{
    AccessError, FieldError, InvitationError, LoginError, PasswordChangeError,
    ReauthenticationError, RefreshError, RegisterError, ResetError, RightsError, SecondFactorError,
    TokenError, Unavailable,
};

use super::ApiError;
use crate::database::is_transient;

/// 429 after too many failures.
fn backoff(retry_after: chrono::TimeDelta) -> ApiError {
    // Rounded up: who waits so long is looked at.
    let seconds = (retry_after + chrono::TimeDelta::milliseconds(999))
        .num_seconds()
        .max(1);
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_attempts",
        format!("Too many failed attempts; try again in {seconds} seconds."),
    )
    .retry_after(seconds)
}

/// 401 for a code that is missing.
fn code_required() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "totp_required",
        "This account has a second step; send a code of your device, or a recovery code, as totp.",
    )
}

/// 401 for a code of the second step.
fn wrong_code() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "totp_wrong",
        "The code is wrong or was used before; wait for the next one.",
    )
}

/// 422 with a sentence per member.
fn fields(errors: Vec<FieldError>) -> ApiError {
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
            RegisterError::InvitationRequired => Self::new(
                StatusCode::FORBIDDEN,
                "invitation_required",
                "Registration is by invitation here; ask an ADMIN for one, and send its token as invitation.",
            ),
            RegisterError::InvalidInvitation => Self::new(
                StatusCode::UNAUTHORIZED,
                "invitation_invalid",
                "This invitation is unknown, used or too old; ask an ADMIN for a new one.",
            ),
            RegisterError::Throttled { retry_after } => backoff(retry_after),
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
            LoginError::CodeRequired => code_required(),
            LoginError::WrongCode => wrong_code(),
            LoginError::Throttled { retry_after } => backoff(retry_after),
            LoginError::Unavailable(e) => e.into(),
        }
    }
}

impl From<ReauthenticationError> for ApiError {
    fn from(error: ReauthenticationError) -> Self {
        match error {
            ReauthenticationError::WrongPassword => Self::new(
                StatusCode::FORBIDDEN,
                "wrong_password",
                "The present password is wrong; check it.",
            ),
            ReauthenticationError::CodeRequired => code_required(),
            ReauthenticationError::WrongCode => wrong_code(),
            ReauthenticationError::Throttled { retry_after } => backoff(retry_after),
            ReauthenticationError::Over(e) => e.into(),
            ReauthenticationError::Unavailable(e) => e.into(),
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
            RightsError::NoAdmin => Self::forbidden("ADMIN"),
            RightsError::Unavailable(e) => e.into(),
        }
    }
}

impl From<InvitationError> for ApiError {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Invalid(errors) => fields(errors),
            InvitationError::NoAdmin => Self::forbidden("ADMIN"),
            InvitationError::Unavailable(e) => e.into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::InvalidLink => Self::new(
                StatusCode::UNAUTHORIZED,
                "reset_link_invalid",
                "This reset link is unknown, used or too old; ask an ADMIN for a new one.",
            ),
            ResetError::Throttled { retry_after } => backoff(retry_after),
            ResetError::Invalid(errors) => fields(errors),
            ResetError::Unavailable(e) => e.into(),
        }
    }
}

impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Unproven(e) => e.into(),
            SecondFactorError::AlreadyOn => Self::new(
                StatusCode::CONFLICT,
                "totp_already_on",
                "The second step is on already; turn it off to change the device.",
            ),
            SecondFactorError::NotOn => Self::new(
                StatusCode::CONFLICT,
                "totp_not_on",
                "The second step is not on; begin with POST /me/totp.",
            ),
            SecondFactorError::Unavailable(e) => e.into(),
        }
    }
}

impl From<PasswordChangeError> for ApiError {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::Unproven(e) => e.into(),
            PasswordChangeError::Invalid(errors) => fields(errors),
            PasswordChangeError::Unavailable(e) => e.into(),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid(errors) => fields(errors),
            TokenError::NameTaken => Self::new(
                StatusCode::CONFLICT,
                "token_name_taken",
                "You have a token of this name; revoke it, or choose another name.",
            ),
            TokenError::TooMany { limit } => Self::new(
                StatusCode::CONFLICT,
                "too_many_tokens",
                format!("You have {limit} tokens; revoke one first."),
            ),
            TokenError::Over(e) => e.into(),
            TokenError::Unavailable(e) => e.into(),
        }
    }
}
