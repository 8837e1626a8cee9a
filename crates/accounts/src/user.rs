//! A person with an account.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId, wire_enum};
use sqlx::{
    Postgres,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
};
use uuid::Uuid;

wire_enum! {
    /// What a person may do.
    pub enum Role {
        /// Labels and reviews.
        Worker = "WORKER" / "worker",
        /// Brings datasets and pays for the work on them.
        Client = "CLIENT" / "client",
        /// Runs the platform.
        Admin = "ADMIN" / "admin",
    }
}

wire_enum! {
    /// Whether a person may sign in.
    pub enum UserStatus {
        /// May sign in.
        Active = "ACTIVE" / "active",
        /// May not; sessions are refused within half a minute.
        Disabled = "DISABLED" / "disabled",
    }
}

/// An enumeration as the text of a column.
macro_rules! column {
    ($name:ident) => {
        impl sqlx::Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <str as sqlx::Type<Postgres>>::type_info()
            }
            fn compatible(ty: &PgTypeInfo) -> bool {
                <str as sqlx::Type<Postgres>>::compatible(ty)
            }
        }
        impl<'r> sqlx::Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let text = <&str as sqlx::Decode<Postgres>>::decode(value)?;
                Self::from_column(text)
                    .ok_or_else(|| format!("\"{text}\" is no {}", stringify!($name)).into())
            }
        }
        impl sqlx::Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as sqlx::Encode<Postgres>>::encode(self.column(), buffer)
            }
        }
    };
}
column!(Role);
column!(UserStatus);

/// A person with an account; without what proves who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable for ever.
    pub id: UserId,
    /// As registered; compared without case.
    pub email: String,
    /// As registered; compared without case.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// When they registered.
    pub created_at: DateTime<Utc>,
    /// When their role, status or password last changed.
    pub updated_at: DateTime<Utc>,
}

/// [`User`] as columns.
pub(crate) struct UserRow {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) status: UserStatus,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow {
            id,
            email,
            username,
            role,
            status,
            created_at,
            updated_at,
        } = row;
        Self {
            id: UserId(id),
            email,
            username,
            role,
            status,
            created_at,
            updated_at,
        }
    }
}
