//! Who may be given a credential: asked by the transaction that gives it, with the person's row locked. Whatever ends
//! credentials (a new password, a reset, disabling, another role) changes that row. So either it came first and is
//! seen here, or it waits and ends what was given too.

use datacrowd_protocol::ids::UserId;
use sqlx::PgConnection;

use crate::{
    error::{AccessError, Doing, Unavailable},
    rights::Admin,
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// Somebody who may be given credentials until this transaction ends. Whatever adds one asks for this.
#[derive(Debug)]
pub(crate) struct Alive(UserId);

impl Alive {
    /// Who.
    pub(crate) fn user(&self) -> UserId {
        self.0
    }
}

/// A person's row as it is now that nobody else can change it.
pub(crate) struct Locked {
    role: Role,
    status: UserStatus,
    session_version: i32,
}

/// Locks a person's row: the first of all that a transaction locks, so that no two wait for each other.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Option<Locked>, Unavailable> {
    sqlx::query_as!(
        Locked,
        r#"SELECT role AS "role: Role", status AS "status: UserStatus", session_version
           FROM users WHERE id = $1 FOR NO KEY UPDATE"#,
        user.0
    )
    .fetch_optional(tx)
    .await
    .doing("locking a user")
}

/// Somebody who acts through a session: it has to be theirs and alive.
pub(crate) async fn through(
    tx: &mut PgConnection,
    user: UserId,
    session: SessionId,
) -> Result<Alive, AccessError> {
    let now = active(tx, user).await?;
    sqlx::query_scalar!(
        "SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND session_version = $3 AND revoked_at IS NULL
         FOR NO KEY UPDATE",
        session.0,
        user.0,
        now.session_version
    )
    .fetch_optional(tx)
    .await
    .doing("locking a session")?
    .ok_or(AccessError::Revoked)?;
    Ok(Alive(user))
}

/// Somebody who proved who they are when their sessions had this version: neither is their password another since.
pub(crate) async fn since(
    tx: &mut PgConnection,
    user: UserId,
    session_version: i32,
) -> Result<Alive, AccessError> {
    let now = active(tx, user).await?;
    if now.session_version == session_version {
        Ok(Alive(user))
    } else {
        Err(AccessError::Revoked)
    }
}

/// Whether somebody is an administrator, and stays one until this transaction ends.
pub(crate) async fn administers(tx: &mut PgConnection, by: Admin) -> Result<bool, Unavailable> {
    let row = lock(tx, by.0).await?;
    Ok(row.is_some_and(|row| row.role == Role::Admin && row.status == UserStatus::Active))
}

async fn active(tx: &mut PgConnection, user: UserId) -> Result<Locked, AccessError> {
    let row = lock(tx, user).await?.ok_or(AccessError::Revoked)?;
    match row.status {
        UserStatus::Active => Ok(row),
        UserStatus::Disabled => Err(AccessError::Disabled),
    }
}
