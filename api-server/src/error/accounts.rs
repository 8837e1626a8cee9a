//! What the context of accounts refuses, as answers.

use datacrowd_accounts::{
    AccessError, FieldError, InvitationError, LoginError, PasswordChangeError,
    ReauthenticationError, RefreshError, RegisterError, ResetError, RightsError, SecondFactorError,
    TokenError, Unavailable,
};

use super::{ApiError, Code};
use crate::database::is_transient;

/// 429 after too many failures.
fn backoff(retry_after: chrono::TimeDelta) -> ApiError {
    // Rounded up: who waits so long is looked at.
    let seconds = (retry_after + chrono::TimeDelta::milliseconds(999))
        .num_seconds()
        .max(1);
    ApiError::filled(Code::TooManyAttempts, &[&seconds]).retry_after(seconds)
}

/// 401 for a code that is missing.
fn code_required() -> ApiError {
    ApiError::new(Code::TotpRequired)
}

/// 401 for a code of the second step.
fn wrong_code() -> ApiError {
    ApiError::new(Code::TotpWrong)
}

/// 422 with a sentence per member.
fn fields(errors: Vec<FieldError>) -> ApiError {
    ApiError::invalid(
        Code::InvalidRequest,
        errors
            .into_iter()
            .map(|f| (f.field.to_owned(), f.message))
            .collect(),
    )
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        match error {
            Unavailable::Busy => Self::new(Code::Busy).retry_after(2),
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
            RegisterError::EmailTaken => Self::new(Code::EmailTaken),
            RegisterError::UsernameTaken => Self::new(Code::UsernameTaken),
            RegisterError::Invalid(errors) => fields(errors),
            RegisterError::InvitationRequired => Self::new(Code::InvitationRequired),
            RegisterError::InvalidInvitation => Self::new(Code::InvitationInvalid),
            RegisterError::Throttled { retry_after } => backoff(retry_after),
            RegisterError::Unavailable(e) => e.into(),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::new(Code::InvalidCredentials),
            LoginError::Disabled => Self::new(Code::SignInDisabled),
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
            ReauthenticationError::WrongPassword => Self::new(Code::WrongPassword),
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
            RefreshError::Reused => Self::new(Code::RefreshTokenReused),
            RefreshError::Invalid => Self::new(Code::InvalidRefreshToken),
            RefreshError::Unavailable(e) => e.into(),
        }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Invalid => Self::new(Code::InvalidToken),
            AccessError::Expired => Self::new(Code::TokenExpired),
            AccessError::Revoked => Self::new(Code::SessionOver),
            AccessError::Disabled => Self::new(Code::UserDisabled),
            AccessError::Unavailable(e) => e.into(),
        }
    }
}

impl From<RightsError> for ApiError {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::NotFound => Self::not_found(),
            RightsError::LastAdmin => Self::new(Code::LastAdmin),
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
            ResetError::InvalidLink => Self::new(Code::ResetLinkInvalid),
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
            SecondFactorError::AlreadyOn => Self::new(Code::TotpAlreadyOn),
            SecondFactorError::NotOn => Self::new(Code::TotpNotOn),
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
            TokenError::NameTaken => Self::new(Code::TokenNameTaken),
            TokenError::TooMany { limit } => Self::filled(Code::TooManyTokens, &[&limit]),
            TokenError::Over(e) => e.into(),
            TokenError::Unavailable(e) => e.into(),
        }
    }
}
