//! What slows down guessing, in the database, so that replicas share it. Nobody locks anybody else out.
//!
//! Three things are counted. The failures of one account from one address: the first few cost nothing, then each
//! doubles the wait, up to a minute; the owner elsewhere is not slowed down by them. The tries at one account from
//! addresses it never signed in from, and those from one address at any account: so many at once, then one a second.
//! Every try counts as failed before it is looked at, so that tries at the same time do not pass together, and is
//! given back when it was right, or when nobody had time to look. What proves only a part (the password where there is
//! a second step) gives its own try back and forgets nothing.
//!
//! Tokens of 256 bits that name an account (sessions, personal tokens) are not guessed, and cost nothing here; links,
//! which arrive by other ways and are typed, spend the address's budget.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
    login::Origin,
};

mod budget;

use budget::Budget;

/// Failures of one account from one address that cost nothing.
const FREE: i32 = 5;

/// Whose failures are counted: the account's, or those of a name that has none.
#[derive(Clone, Copy)]
pub(crate) struct Account(pub(crate) [u8; 32]);

impl Account {
    /// `login` is compared in the form in which accounts are.
    pub(crate) fn of(user: Option<UserId>, login: &str) -> Self {
        let digest = match user {
            Some(user) => Sha256::digest(user.0.as_bytes()),
            None => Sha256::digest(login.to_lowercase()),
        };
        Self(digest.into())
    }
}

/// Whether a try may be looked at.
pub(crate) enum Admission {
    Allowed(Attempt),
    Wait(TimeDelta),
}

/// A try that counts as failed until it is given back.
#[must_use = "a try that was right is given back"]
pub(crate) struct Attempt {
    pair: Option<Pair>,
    budgets: Vec<Budget>,
}

/// The count of one account from one address, with this try in it.
struct Pair {
    account: Account,
    address: String,
    blocked_until: DateTime<Utc>,
}

impl Accounts {
    /// Counts a try at an account: `user`'s, or a name's that nobody has.
    pub(crate) async fn attempt(
        &self,
        account: Account,
        user: Option<UserId>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Admission, Unavailable> {
        let address = network(origin.ip.as_deref());
        let mut tx = self.pool.begin().await.doing("beginning an attempt")?;
        let pair = match count(&mut tx, account, address, now).await? {
            Ok(pair) => pair,
            Err(until) => return Ok(Admission::Wait(until - now)),
        };
        let mut budgets = Vec::with_capacity(2);
        if !is_known(&mut tx, user, origin.ip.as_deref()).await? {
            budgets.push(Budget::of_account(account));
        }
        budgets.push(Budget::of_address(&pair.address));
        // Always in this order: two tries never wait for each other.
        for budget in &budgets {
            if let Some(wait) = budget.spend(&mut tx, now).await? {
                return Ok(Admission::Wait(wait));
            }
        }
        tx.commit().await.doing("counting an attempt")?;
        let pair = Some(pair);
        Ok(Admission::Allowed(Attempt { pair, budgets }))
    }

    /// Gives a try back that could not be looked at, and says why: who is turned away because too many others are
    /// signing in has guessed nothing, and would else be slowed down by trying again as they were told to.
    pub(crate) async fn not_looked_at(
        &self,
        attempt: Attempt,
        why: Unavailable,
        now: DateTime<Utc>,
    ) -> Unavailable {
        let given_back = async {
            let mut tx = self.pool.begin().await.doing("giving a try back")?;
            attempt.give_back(&mut tx, now).await?;
            tx.commit().await.doing("giving a try back")
        };
        given_back.await.err().unwrap_or(why)
    }

    /// Counts a try at a secret that names nobody until it is found.
    pub(crate) async fn attempt_unnamed(
        &self,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Admission, Unavailable> {
        let budget = Budget::of_address(&network(origin.ip.as_deref()));
        let mut connection = self.pool.acquire().await.doing("counting an attempt")?;
        if let Some(wait) = budget.spend(&mut connection, now).await? {
            return Ok(Admission::Wait(wait));
        }
        let budgets = vec![budget];
        Ok(Admission::Allowed(Attempt {
            pair: None,
            budgets,
        }))
    }
}

impl Attempt {
    /// Everything was proven: the failures of this account from this address are forgotten. Those from elsewhere,
    /// and those of this address at other accounts, stay.
    pub(crate) async fn forget(
        self,
        tx: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        if let Some(pair) = &self.pair {
            sqlx::query!(
                "DELETE FROM login_failures WHERE account = $1 AND address = $2",
                &pair.account.0,
                pair.address
            )
            .execute(&mut *tx)
            .await
            .doing("forgetting failures")?;
        }
        give_back(&self.budgets, tx, now).await
    }

    /// It was right, but proves only a part, or nothing new: as if it had not been.
    pub(crate) async fn give_back(
        self,
        tx: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        if let Some(pair) = &self.pair {
            sqlx::query!(
                "DELETE FROM login_failures WHERE account = $1 AND address = $2 AND failures <= 1",
                &pair.account.0,
                pair.address
            )
            .execute(&mut *tx)
            .await
            .doing("giving a try back")?;
            // A wait that another failure began meanwhile stays.
            sqlx::query!(
                "UPDATE login_failures SET failures = failures - 1,
                     blocked_until = CASE WHEN blocked_until = $3 THEN 'epoch' ELSE blocked_until END
                 WHERE account = $1 AND address = $2 AND failures > 1",
                &pair.account.0,
                pair.address,
                pair.blocked_until
            )
            .execute(&mut *tx)
            .await
            .doing("giving a try back")?;
        }
        give_back(&self.budgets, tx, now).await
    }
}

async fn give_back(
    budgets: &[Budget],
    tx: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), Unavailable> {
    for budget in budgets {
        budget.give_back(tx, now).await?;
    }
    Ok(())
}

/// Counts one failure of an account from an address, or says until when nothing is looked at. Who has tries left is
/// blocked until a time long past, not until now: of two at once, the one that began first may be counted last.
async fn count(
    tx: &mut PgConnection,
    account: Account,
    address: String,
    now: DateTime<Utc>,
) -> Result<Result<Pair, DateTime<Utc>>, Unavailable> {
    let counted = sqlx::query_scalar!(
        r#"INSERT INTO login_failures AS f (account, address, failures, last_at, blocked_until)
           VALUES ($1, $2, 1, $3, 'epoch')
           ON CONFLICT (account, address) DO UPDATE SET
               failures = CASE WHEN f.last_at < $3 - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
               last_at = $3,
               blocked_until = CASE
                   WHEN f.last_at < $3 - interval '1 hour' OR f.failures < $4 THEN 'epoch'
                   ELSE $3 + make_interval(secs => least(60, power(2, least(f.failures - $4, 6)))) END
           WHERE f.blocked_until <= $3
           RETURNING blocked_until"#,
        &account.0,
        address,
        now,
        FREE
    )
    .fetch_optional(&mut *tx)
    .await
    .doing("counting an attempt")?;
    if let Some(blocked_until) = counted {
        return Ok(Ok(Pair {
            account,
            address,
            blocked_until,
        }));
    }
    let until = sqlx::query_scalar!(
        "SELECT blocked_until FROM login_failures WHERE account = $1 AND address = $2",
        &account.0,
        address
    )
    .fetch_optional(tx)
    .await
    .doing("reading when an account opens")?;
    // Forgotten in between: the next try is counted.
    Ok(Err(until.unwrap_or(now)))
}

/// Whether the account signed in from this address before. Asked for names that nobody has as well: both cost the same.
async fn is_known(
    tx: &mut PgConnection,
    user: Option<UserId>,
    address: Option<&str>,
) -> Result<bool, Unavailable> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1 AND ip = $2) AS "known!""#,
        user.map_or(uuid::Uuid::nil(), |user| user.0),
        address
    )
    .fetch_one(tx)
    .await
    .doing("looking for an address")
}

/// Every failure of an account is forgotten, wherever it came from: it has a new password.
pub(crate) async fn forget_account(
    tx: &mut PgConnection,
    account: Account,
) -> Result<(), Unavailable> {
    sqlx::query!("DELETE FROM login_failures WHERE account = $1", &account.0)
        .execute(tx)
        .await
        .doing("forgetting failures")?;
    Ok(())
}

/// A client may choose among the addresses of its IPv6 network, so they count as one.
fn network(address: Option<&str>) -> String {
    match address.map(|text| (text, text.parse())) {
        Some((_, Ok(IpAddr::V6(v6)))) => {
            Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).to_string()
        }
        Some((text, _)) => text.to_owned(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one() {
        let one = |text| network(Some(text));
        assert_eq!(one("2001:db8::1"), one("2001:db8::ffff:1"));
        assert_ne!(one("2001:db8::1"), one("2001:db8:0:1::1"));
        assert_ne!(one("203.0.113.1"), one("203.0.113.2"));
        assert_eq!(network(None), "unknown");
    }
}
