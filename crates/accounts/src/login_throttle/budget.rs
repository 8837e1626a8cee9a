//! So many tries at once, then one a second: a bucket that one statement spends from.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::Account;
use crate::error::{Doing, Unavailable};

/// Tries that one account takes at once from addresses it does not know.
const OF_ACCOUNT: i32 = 50;
/// Tries that one address may make at once, at whichever accounts.
const OF_ADDRESS: i32 = 100;

/// Whose budget it is, and how much it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    key: [u8; 32],
    size: i32,
}

impl Budget {
    pub(super) fn of_account(account: Account) -> Self {
        Self::new(b"account", &account.0, OF_ACCOUNT)
    }

    pub(super) fn of_address(address: &str) -> Self {
        Self::new(b"address", address.as_bytes(), OF_ADDRESS)
    }

    fn new(kind: &[u8], whose: &[u8], size: i32) -> Self {
        let digest = Sha256::new().chain_update(kind).chain_update([0]);
        let key = digest.chain_update(whose).finalize().into();
        Self { key, size }
    }

    /// Spends a try, or says how long until there is one.
    pub(super) async fn spend(
        &self,
        tx: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeDelta>, Unavailable> {
        let reach = TimeDelta::seconds(i64::from(self.size) - 1);
        let spent = sqlx::query_scalar!(
            "INSERT INTO attempt_budgets AS b (key, spent_until) VALUES ($1, $2::timestamptz + interval '1 second')
             ON CONFLICT (key) DO UPDATE SET spent_until = greatest(b.spent_until, $2) + interval '1 second'
             WHERE b.spent_until <= $3
             RETURNING spent_until",
            &self.key,
            now,
            now + reach
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("spending a try")?;
        if spent.is_some() {
            return Ok(None);
        }
        let until = sqlx::query_scalar!(
            "SELECT spent_until FROM attempt_budgets WHERE key = $1",
            &self.key
        )
        .fetch_optional(tx)
        .await
        .doing("reading a budget")?;
        let wait = until.map_or(TimeDelta::zero(), |until| until - reach - now);
        Ok(Some(wait.max(TimeDelta::milliseconds(1))))
    }

    /// One that is full again leaves no row.
    pub(super) async fn give_back(
        &self,
        tx: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        sqlx::query!(
            "DELETE FROM attempt_budgets WHERE key = $1 AND spent_until <= $2::timestamptz + interval '1 second'",
            &self.key,
            now
        )
        .execute(&mut *tx)
        .await
        .doing("giving a try back")?;
        sqlx::query!(
            "UPDATE attempt_budgets SET spent_until = spent_until - interval '1 second' WHERE key = $1",
            &self.key
        )
        .execute(tx)
        .await
        .doing("giving a try back")?;
        Ok(())
    }
}
