//! Bounded context "auth": who a person is, how they prove it, and what role they have. It owns the
//! database `auth`; it knows nothing of tenants, projects or HTTP.
//!
//! [`Accounts`] is the only face. Every change of state is one transaction with its row in `events`;
//! a decision about somebody's rights is also a row in `audit`. The time comes in as an argument, in microseconds as
//! the database keeps it: what is returned equals what is read back.

mod access;
mod accounts;
mod alive;
mod audit;
mod cache;
mod directory;
mod email_keys;
mod error;
mod idempotency;
mod identity;
mod invitations;
mod jwt;
mod login;
mod login_throttle;
mod normal;
mod password;
mod password_change;
mod personal_tokens;
mod policy;
mod reauthentication;
mod record;
mod refresh;
mod register;
mod reset;
mod rights;
mod second_factor;
mod sessions;
mod settings;
mod stream;
mod user;

pub use access::{Caller, Credential};
pub use accounts::Accounts;
pub use datacrowd_sealing::{SealingKey, SealingKeys};
pub use directory::Page;
pub use email_keys::Keyed;
pub use error::{
    AccessError, BootstrapError, FieldError, InvitationError, LoginError, PasswordChangeError,
    ReauthenticationError, RefreshError, RegisterError, ResetError, RightsError, SecondFactorError,
    TokenError, Unavailable,
};
pub use invitations::{Invitation, InvitationId, IssuedInvitation, NewInvitation, Unsettled};
pub use login::{Origin, Tokens};
pub use normal::is_invisible;
pub use password_change::PasswordChange;
pub use personal_tokens::{IssuedToken, NewToken, PersonalToken, Scope, TokenId};
pub use register::{NewUser, Registered};
pub use reset::ResetLink;
pub use rights::Admin;
pub use second_factor::{Enrolment, Sealing, SecondFactor};
pub use sessions::{Session, SessionId};
pub use settings::{HashCost, Registration, Settings, SettingsError, SigningKey};
pub use user::{Role, User, UserStatus};
