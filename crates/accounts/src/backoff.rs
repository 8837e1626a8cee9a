//! What slows down guessing without locking anybody out.
//!
//! Failures are counted per account and address: the first few cost nothing, then each doubles the
//! wait, up to a minute. So the owner at home is not slowed down by a stranger elsewhere. A second
//! count over all addresses the account never signed in from bounds a guesser with many addresses;
//! an address with a session is judged by its own failures alone. Every attempt is counted before
//! the password is looked at, in one statement, so that attempts at the same time do not pass together.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
};

/// Failures that cost nothing, from one address and from all unknown ones together.
const FREE: i32 = 5;
const FREE_FROM_ANYWHERE: i32 = 50;

/// The address under which attempts from unknown addresses are counted together.
const ANYWHERE: &str = "*";

/// Whose failures are counted: the account's, or those of a name that has none.
#[derive(Clone, Copy)]
pub(crate) struct Account([u8; 32]);

impl Account {
    pub(crate) fn of(user: Option<UserId>, login: &str) -> Self {
        let digest = match user {
            Some(user) => Sha256::digest(user.0.as_bytes()),
            None => Sha256::digest(login.to_lowercase()),
        };
        Self(digest.into())
    }
}

/// Whether an attempt may be looked at.
pub(crate) enum Attempt {
    Allowed,
    Wait(TimeDelta),
}

impl Accounts {
    /// Counts an attempt as failed until [`clear`] says otherwise.
    pub(crate) async fn attempt(
        &self,
        account: Account,
        user: Option<UserId>,
        address: Option<&str>,
    ) -> Result<Attempt, Unavailable> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning an attempt")?;
        let own = address.unwrap_or("unknown");
        if let Some(until) = count(&mut tx, account, own, FREE, now).await? {
            return Ok(Attempt::Wait(until - now));
        }
        if !is_known(&mut tx, user, address).await?
            && let Some(until) = count(&mut tx, account, ANYWHERE, FREE_FROM_ANYWHERE, now).await?
        {
            return Ok(Attempt::Wait(until - now));
        }
        tx.commit().await.doing("counting an attempt")?;
        Ok(Attempt::Allowed)
    }
}

/// Counts one failure, or says until when nothing is looked at.
async fn count(
    tx: &mut PgConnection,
    account: Account,
    address: &str,
    free: i32,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Unavailable> {
    let counted = sqlx::query_scalar!(
        r#"INSERT INTO login_failures AS f (account, address, failures, last_at, blocked_until)
           VALUES ($1, $2, 1, $3, $3)
           ON CONFLICT (account, address) DO UPDATE SET
               failures = CASE WHEN f.last_at < $3 - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
               last_at = $3,
               blocked_until = $3 + make_interval(secs => CASE
                   WHEN f.last_at < $3 - interval '1 hour' OR f.failures < $4 THEN 0
                   ELSE least(60, power(2, least(f.failures - $4, 6))) END)
           WHERE f.blocked_until <= $3
           RETURNING failures"#,
        &account.0,
        address,
        now,
        free
    )
    .fetch_optional(&mut *tx)
    .await
    .doing("counting an attempt")?;
    if counted.is_some() {
        return Ok(None);
    }
    sqlx::query_scalar!(
        "SELECT blocked_until FROM login_failures WHERE account = $1 AND address = $2",
        &account.0,
        address
    )
    .fetch_optional(tx)
    .await
    .doing("reading when an account opens")
}

/// Whether the account signed in from this address before.
async fn is_known(
    tx: &mut PgConnection,
    user: Option<UserId>,
    address: Option<&str>,
) -> Result<bool, Unavailable> {
    let (Some(user), Some(address)) = (user, address) else {
        return Ok(false);
    };
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1 AND ip = $2) AS "known!""#,
        user.0,
        address
    )
    .fetch_one(tx)
    .await
    .doing("looking for an address")
}

/// The password was right: what this address failed is forgotten, and its share of the common count.
pub(crate) async fn clear(
    tx: &mut PgConnection,
    account: Account,
    address: Option<&str>,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "DELETE FROM login_failures WHERE account = $1 AND address IN ($2, '*')",
        &account.0,
        address.unwrap_or("unknown")
    )
    .execute(tx)
    .await
    .doing("forgetting failures")?;
    Ok(())
}
