//! Bounded context "auth": who a person is, how they prove it, and what role they have. It owns the
//! database `auth`; it knows nothing of tenants, projects or HTTP.
//!
//! [`Accounts`] is the only face. Every change of state is one transaction with its row in `events`;
//! a decision about somebody's rights is also a row in `audit`.

mod access;
mod accounts;
mod audit;
mod backoff;
mod cache;
mod clock;
mod directory;
mod error;
mod idempotency;
mod identity;
mod jwt;
mod login;
mod password;
mod personal_tokens;
mod policy;
mod proof;
mod record;
mod register;
mod reset;
mod rights;
mod second_factor;
mod sessions;
mod settings;
mod user;

pub use access::{Caller, Credential};
pub use accounts::Accounts;
pub use clock::Clock;
pub use directory::Page;
pub use error::{
    AccessError, BootstrapError, FieldError, LoginError, PasswordChangeError, RefreshError,
    RegisterError, ResetError, RightsError, SecondFactorError, TokenError, Unavailable,
};
pub use login::{Origin, Tokens};
pub use personal_tokens::{IssuedToken, NewToken, PersonalToken, Scope, TokenId};
pub use register::NewUser;
pub use reset::ResetLink;
pub use rights::Admin;
pub use second_factor::{Enrolment, SecondFactor};
pub use sessions::{Session, SessionId};
pub use settings::{Settings, SettingsError, SigningKey};
pub use user::{Role, User, UserStatus};
