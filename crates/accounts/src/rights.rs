//! What administrators decide about people. The platform always keeps one active administrator.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    error::{Doing, RightsError, Unavailable},
    invitations, personal_tokens, record, reset,
    user::{Role, User, UserRow, UserStatus},
};

/// The administrator who decides; made by whoever checked that the caller is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin(pub UserId);

impl Accounts {
    /// Gives a person a role. Their sessions go on and have it within half a minute; reset links and invitations
    /// that they issued are over, and do not come back with the role.
    ///
    /// # Errors
    /// See [`RightsError`].
    pub async fn set_role(
        &self,
        by: Admin,
        user: UserId,
        role: Role,
        now: DateTime<Utc>,
    ) -> Result<User, RightsError> {
        let mut tx = self
            .pool
            .begin()
            .await
            .doing("beginning a change of role")?;
        let before = lock(&mut tx, user).await?;
        if before.role == role {
            return Ok(before);
        }
        end_issued(&mut tx, user, now).await?;
        if before.role == Role::Admin && before.status == UserStatus::Active {
            keep_one_admin(&mut tx, user).await?;
        }
        let after = write(&mut tx, user, role, before.status, now).await?;
        let change = json!({"from": before.role.upper(), "to": role.upper()});
        self.record(&mut tx, by, "user.role_changed", &after, change)
            .await?;
        tx.commit().await.doing("committing a change of role")?;
        self.cache.forget(user);
        Ok(after)
    }

    /// Lets a person sign in, or no longer; a disabled one is refused everywhere within half a minute, and what they
    /// held is over: sessions, personal tokens, and the reset links and invitations that they issued do not come back
    /// with the account.
    ///
    /// # Errors
    /// See [`RightsError`].
    pub async fn set_status(
        &self,
        by: Admin,
        user: UserId,
        status: UserStatus,
        now: DateTime<Utc>,
    ) -> Result<User, RightsError> {
        let mut tx = self
            .pool
            .begin()
            .await
            .doing("beginning a change of status")?;
        let before = lock(&mut tx, user).await?;
        if before.status == status {
            return Ok(before);
        }
        end_issued(&mut tx, user, now).await?;
        if before.role == Role::Admin && status == UserStatus::Disabled {
            keep_one_admin(&mut tx, user).await?;
        }
        let after = write(&mut tx, user, before.role, status, now).await?;
        if status == UserStatus::Disabled {
            end_sessions(&mut tx, user).await?;
            personal_tokens::end_all(&mut tx, user, now).await?;
        }
        let change = json!({"from": before.status.upper(), "to": status.upper()});
        self.record(&mut tx, by, "user.status_changed", &after, change)
            .await?;
        tx.commit().await.doing("committing a change of status")?;
        self.cache.forget(user);
        Ok(after)
    }

    async fn record(
        &self,
        tx: &mut PgConnection,
        by: Admin,
        kind: &'static str,
        user: &User,
        change: serde_json::Value,
    ) -> Result<(), Unavailable> {
        let at = user.updated_at;
        record::event(tx, at, kind, user.id, change.clone()).await?;
        record::decision(tx, at, Some(by.0), kind, user.id, change.clone()).await?;
        tracing::info!(user.id = %user.id, by.id = %by.0, change = %change, "{kind}");
        Ok(())
    }
}

/// Locks every administrator and then the person, always in the order of ids within the first step:
/// two administrators who demote each other wait for one another instead of both succeeding.
async fn lock(tx: &mut PgConnection, user: UserId) -> Result<User, RightsError> {
    sqlx::query!(
        "SELECT id FROM users WHERE role = 'admin' OR id = $1 ORDER BY id FOR NO KEY UPDATE",
        user.0
    )
    .fetch_all(&mut *tx)
    .await
    .doing("locking the administrators")?;
    let row = sqlx::query_as!(
        UserRow,
        r#"SELECT id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at
           FROM users WHERE id = $1"#,
        user.0
    )
    .fetch_optional(tx)
    .await
    .doing("reading a user")?;
    Ok(row.ok_or(RightsError::NotFound)?.into())
}

async fn keep_one_admin(tx: &mut PgConnection, but: UserId) -> Result<(), RightsError> {
    let another = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND status = 'active' AND id <> $1) AS "known!""#,
        but.0
    )
    .fetch_one(tx)
    .await
    .doing("looking for another administrator")?;
    if another {
        Ok(())
    } else {
        Err(RightsError::LastAdmin)
    }
}

/// Ends what somebody issued and nobody redeemed, at every change: what a replica that had not heard of the last one
/// let them issue is not in force with the next. People are locked before, as whoever issues or redeems does.
pub(crate) async fn end_issued(
    tx: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Unavailable> {
    reset::end_issued(tx, user).await?;
    invitations::end_issued(tx, user, now).await
}

/// Sessions begun before are over.
async fn end_sessions(tx: &mut PgConnection, user: UserId) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE users SET session_version = session_version + 1 WHERE id = $1",
        user.0
    )
    .execute(tx)
    .await
    .doing("ending sessions")?;
    Ok(())
}

async fn write(
    tx: &mut PgConnection,
    user: UserId,
    role: Role,
    status: UserStatus,
    now: DateTime<Utc>,
) -> Result<User, Unavailable> {
    let row = sqlx::query_as!(
        UserRow,
        r#"UPDATE users SET role = $2, status = $3, updated_at = $4 WHERE id = $1
           RETURNING id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at"#,
        user.0,
        role.column(),
        status.column(),
        now
    )
    .fetch_one(tx)
    .await
    .doing("changing a user")?;
    Ok(row.into())
}
