//! Bounded context "auth": who a person is, how they prove it, and what role they have. It owns the
//! database `auth`; it knows nothing of tenants, projects or HTTP.
//!
//! [`Accounts`] is the only face. Every change of state is one transaction with its row in `events`;
//! a decision about somebody's rights is also a row in `audit`.

mod access;
mod accounts;
mod backoff;
mod cache;
mod clock;
mod directory;
mod error;
mod identity;
mod jwt;
mod login;
mod password;
mod policy;
mod record;
mod register;
mod rights;
mod sessions;
mod settings;
mod user;

pub use access::Caller;
pub use accounts::Accounts;
pub use clock::Clock;
pub use directory::{AuditEntry, Page};
pub use error::{
    AccessError, BootstrapError, FieldError, LoginError, PasswordChangeError, RefreshError,
    RegisterError, RightsError, Unavailable,
};
pub use login::{Origin, Tokens};
pub use register::NewUser;
pub use rights::Admin;
pub use sessions::{Session, SessionId};
pub use settings::{Settings, SettingsError, SigningKey};
pub use user::{Role, User, UserStatus};
