//! Secrets of devices as the database keeps them: sealed, and until the next release plain as well, for a release that
//! goes back.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use datacrowd_sealing::Unsealable;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    alive::Alive,
    error::{Doing, Unavailable},
};

/// Secrets that are sealed at once.
const BATCH: i64 = 100;

/// A person's secret.
pub(super) struct SecretRow {
    secret: Vec<u8>,
    sealed: Option<Vec<u8>>,
    sealed_by: Option<String>,
    pub(super) confirmed_at: Option<DateTime<Utc>>,
}

/// What a pass of [`Accounts::seal_secrets`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Secrets that are now under the current key.
    pub sealed: u64,
    /// Secrets that none of the keys opens: their devices' codes are refused.
    pub lost: u64,
}

impl Accounts {
    /// Stores the secret of a device that is not confirmed yet; false where one is.
    pub(super) async fn store_secret(
        &self,
        tx: &mut PgConnection,
        alive: &Alive,
        secret: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let user = alive.user();
        let sealed = self
            .settings
            .sealing
            .seal(user.0.as_bytes(), secret)
            .map_err(unsealable)?;
        let stored = sqlx::query!(
            "INSERT INTO totp_secrets (user_id, secret, sealed, sealed_by, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE SET secret = $2, sealed = $3, sealed_by = $4, created_at = $5
             WHERE totp_secrets.confirmed_at IS NULL",
            user.0,
            secret,
            sealed.bytes,
            sealed.by,
            now
        )
        .execute(tx)
        .await
        .doing("enrolling a device")?;
        Ok(stored.rows_affected() > 0)
    }

    /// The secret itself. One that is sealed is read from there only, as it will be when the plain column is gone.
    pub(super) fn open_secret(
        &self,
        user: UserId,
        row: &SecretRow,
    ) -> Result<Vec<u8>, Unavailable> {
        match (&row.sealed, &row.sealed_by) {
            (Some(sealed), Some(by)) => {
                self.settings.sealing.open(user.0.as_bytes(), sealed, by).ok_or_else(|| {
                    Unavailable::SecondFactor(format!(
                        "neither key opens what the key {by} sealed; give that one as DATACROWD_TOTP_KEY_PREVIOUS"
                    ))
                })
            }
            _ => Ok(row.secret.clone()),
        }
    }

    /// Seals what is plain, or under the key before; replicas may do so at once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn seal_secrets(&self) -> Result<Sealing, Unavailable> {
        let mut done = Sealing::default();
        let mut after = Uuid::nil();
        loop {
            let rows = sqlx::query!(
                "SELECT user_id, secret, sealed, sealed_by, confirmed_at FROM totp_secrets
                 WHERE user_id > $1 AND sealed_by IS DISTINCT FROM $2 ORDER BY user_id LIMIT $3",
                after,
                self.settings.sealing.current(),
                BATCH
            )
            .fetch_all(&self.pool)
            .await
            .doing("looking for secrets to seal")?;
            let Some(last) = rows.last() else {
                return Ok(done);
            };
            after = last.user_id;
            for row in rows {
                let user = UserId(row.user_id);
                let row = SecretRow {
                    secret: row.secret,
                    sealed: row.sealed,
                    sealed_by: row.sealed_by,
                    confirmed_at: row.confirmed_at,
                };
                match self.open_secret(user, &row) {
                    Ok(plain) => done.sealed += self.reseal(user, &row, &plain).await?,
                    Err(_) => done.lost += 1,
                }
            }
        }
    }

    /// Unless the row has changed since it was read.
    async fn reseal(
        &self,
        user: UserId,
        row: &SecretRow,
        plain: &[u8],
    ) -> Result<u64, Unavailable> {
        let sealed = self
            .settings
            .sealing
            .seal(user.0.as_bytes(), plain)
            .map_err(unsealable)?;
        let changed = sqlx::query!(
            "UPDATE totp_secrets SET sealed = $2, sealed_by = $3
             WHERE user_id = $1 AND secret = $4 AND sealed IS NOT DISTINCT FROM $5",
            user.0,
            sealed.bytes,
            sealed.by,
            row.secret,
            row.sealed
        )
        .execute(&self.pool)
        .await
        .doing("sealing a secret")?;
        Ok(changed.rows_affected())
    }
}

/// The secret of a person whose second step is on.
pub(super) async fn confirmed(
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Option<SecretRow>, Unavailable> {
    sqlx::query_as!(
        SecretRow,
        "SELECT secret, sealed, sealed_by, confirmed_at FROM totp_secrets
         WHERE user_id = $1 AND confirmed_at IS NOT NULL",
        user.0
    )
    .fetch_optional(tx)
    .await
    .doing("reading a secret")
}

/// The secret of a person, locked.
pub(super) async fn lock(
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Option<SecretRow>, Unavailable> {
    sqlx::query_as!(
        SecretRow,
        "SELECT secret, sealed, sealed_by, confirmed_at FROM totp_secrets WHERE user_id = $1 FOR UPDATE",
        user.0
    )
    .fetch_optional(tx)
    .await
    .doing("reading a secret")
}

/// Removes the second step with its recovery codes.
pub(crate) async fn remove(tx: &mut PgConnection, user: UserId) -> Result<(), Unavailable> {
    sqlx::query!("DELETE FROM totp_secrets WHERE user_id = $1", user.0)
        .execute(tx)
        .await
        .doing("removing a secret")?;
    Ok(())
}

fn unsealable(error: Unsealable) -> Unavailable {
    Unavailable::SecondFactor(error.to_string())
}
