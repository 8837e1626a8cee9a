//! Refusals, one enumeration a question, and the one way in which no question can be answered.

use chrono::TimeDelta;

/// The context cannot answer now; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// More passwords wait to be checked than the machine can check in time. Try again later.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The database refused or did not answer.
    #[error("{doing}")]
    Database {
        /// What we were doing.
        doing: &'static str,
        /// What happened.
        #[source]
        source: sqlx::Error,
    },
    /// A stored hash or a computation on it is broken.
    #[error("computing a password hash: {0}")]
    Hashing(String),
    /// A stored secret of the second step is broken.
    #[error("computing a code of the second step: {0}")]
    SecondFactor(String),
    /// A token could not be signed.
    #[error("signing an access token")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// Names what was being done when the database failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Unavailable>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, Unavailable> {
        self.map_err(|source| Unavailable::Database { doing, source })
    }
}

/// One member of a request that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The member's name in the request.
    pub field: &'static str,
    /// What is wrong, as a sentence's predicate: "must hold at least 8 characters".
    pub message: String,
}

/// Why somebody was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address has an account.
    #[error("the e-mail address has an account")]
    EmailTaken,
    /// The name belongs to somebody else.
    #[error("the username is taken")]
    UsernameTaken,
    /// Some members are not acceptable.
    #[error("the registration is not acceptable")]
    Invalid(Vec<FieldError>),
    /// People register here by an invitation only.
    #[error("an invitation is missing")]
    InvitationRequired,
    /// Unknown, used, revoked, expired, or of who may not invite any more; which one is nobody's business.
    #[error("the invitation is not valid")]
    InvalidInvitation,
    /// Too many invitations that are none came from there; the next one is looked at after this time.
    #[error("too many failed attempts")]
    Throttled {
        /// More than nothing, at most a second.
        retry_after: TimeDelta,
    },
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown name or wrong password; which one is nobody's business.
    #[error("the name or the password is wrong")]
    InvalidCredentials,
    /// The password is right, but an administrator disabled the account.
    #[error("the account is disabled")]
    Disabled,
    /// Name and password are right, and the account asks for a code as well.
    #[error("a code of the second step is missing")]
    CodeRequired,
    /// The code is wrong or was used before.
    #[error("the code of the second step is wrong")]
    WrongCode,
    /// Too many failures; the next attempt is looked at after this time.
    #[error("too many failed attempts")]
    Throttled {
        /// More than nothing, at most a minute.
        retry_after: TimeDelta,
    },
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<AccessError> for LoginError {
    /// The account changed while the password was compared.
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Disabled => Self::Disabled,
            AccessError::Unavailable(error) => Self::Unavailable(error),
            AccessError::Invalid | AccessError::Expired | AccessError::Revoked => {
                Self::InvalidCredentials
            }
        }
    }
}

/// Why a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It was used before: somebody has a copy. The whole session is over.
    #[error("the refresh token was used before; its session is over")]
    Reused,
    /// Unknown, expired, revoked, or of a disabled account.
    #[error("the refresh token is not valid")]
    Invalid,
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an access token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Not one of ours, or not for us.
    #[error("the access token is not valid")]
    Invalid,
    /// Its time is over: refresh.
    #[error("the access token has expired")]
    Expired,
    /// The session was ended, or its password changed.
    #[error("the session is over")]
    Revoked,
    /// An administrator disabled the account.
    #[error("the account is disabled")]
    Disabled,
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a person's rights were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// Nobody has this id.
    #[error("there is no such user")]
    NotFound,
    /// The platform would be left without an active administrator.
    #[error("this is the last active administrator")]
    LastAdmin,
    /// Whoever decides is no active administrator any more.
    #[error("whoever decides is no administrator any more")]
    NoAdmin,
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why somebody is not believed to be who they are.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticationError {
    /// The present password is wrong.
    #[error("the present password is wrong")]
    WrongPassword,
    /// The password is right, and the account asks for a code as well.
    #[error("a code of the second step is missing")]
    CodeRequired,
    /// The code is wrong or was used before.
    #[error("the code is wrong")]
    WrongCode,
    /// Too many failures; the next attempt is looked at after this time.
    #[error("too many failed attempts")]
    Throttled {
        /// More than nothing, at most a minute.
        retry_after: TimeDelta,
    },
    /// The session that they prove it through has ended meanwhile, or the account was disabled.
    #[error(transparent)]
    Over(#[from] AccessError),
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordChangeError {
    /// They did not prove who they are, or the session is over.
    #[error(transparent)]
    Unproven(#[from] ReauthenticationError),
    /// The new password is not acceptable.
    #[error("the new password is not acceptable")]
    Invalid(Vec<FieldError>),
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a personal token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Some members are not acceptable.
    #[error("the token is not acceptable")]
    Invalid(Vec<FieldError>),
    /// Another live token of this person has the name.
    #[error("another token has this name")]
    NameTaken,
    /// They hold as many as one may.
    #[error("the person holds {limit} tokens already")]
    TooMany {
        /// How many one may hold.
        limit: i64,
    },
    /// The session that it is made through has ended meanwhile, or the account was disabled.
    #[error(transparent)]
    Over(#[from] AccessError),
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the second step was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// They did not prove who they are.
    #[error(transparent)]
    Unproven(#[from] ReauthenticationError),
    /// It is on already.
    #[error("the second step is on already")]
    AlreadyOn,
    /// It is not on, or was not begun.
    #[error("the second step is not on")]
    NotOn,
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an invitation was not issued.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// Some members are not acceptable.
    #[error("the invitation is not acceptable")]
    Invalid(Vec<FieldError>),
    /// Whoever invites is no active administrator any more.
    #[error("whoever invites is no administrator any more")]
    NoAdmin,
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a reset link was not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Unknown, used, replaced, expired, or of who may not issue one any more; which one is nobody's business.
    #[error("the reset link is not valid")]
    InvalidLink,
    /// Too many links that are none came from there; the next one is looked at after this time.
    #[error("too many failed attempts")]
    Throttled {
        /// More than nothing, at most a second.
        retry_after: TimeDelta,
    },
    /// The new password is not acceptable.
    #[error("the new password is not acceptable")]
    Invalid(Vec<FieldError>),
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the first administrator was not made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// Somebody registered under the administrator's name or address; nobody is promoted by name.
    #[error("somebody else has the administrator's name or address; choose another")]
    Taken,
    /// Some members are not acceptable.
    #[error("the administrator's name, address or password is not acceptable: {}",
        .0.iter().map(|f| format!("{} {}", f.field, f.message)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
