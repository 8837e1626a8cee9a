//! Answers to creating requests, so that a repeated request is answered and not done again. A context instantiates
//! [`IdempotencyStore`] on its own database, where the table is `idempotency_keys`.
//!
//! An effect in Postgres stores its answer in its own transaction ([`Once`]). An effect in Kubernetes cannot: its name
//! is derived from the key, which is what keeps it from happening twice, and the answer is stored afterwards. This
//! crate knows neither HTTP nor any context.

mod once;

pub use once::Once;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// How long a request may take before it counts as dead and its key may be used again.
const LOCKED_FOR: TimeDelta = TimeDelta::minutes(2);
/// How long a key is kept after its first use.
const KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// A key: a digest over the caller and what they sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

/// The request under a key: a digest over method, path and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDigest(pub [u8; 32]);

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Status code.
    pub status: u16,
    /// Headers by name.
    pub headers: Value,
    /// Body.
    pub body: Vec<u8>,
}

/// What a key says about the request that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is new: do the work, then store its answer or release the key.
    Fresh,
    /// It was done; this was the answer.
    Answered(StoredAnswer),
    /// The first request still runs, at the latest until then.
    Running(DateTime<Utc>),
    /// It was used for another request.
    OtherRequest,
}

/// The keys of one context. Cheap to clone.
#[derive(Debug, Clone)]
pub struct IdempotencyStore {
    pool: PgPool,
}

impl IdempotencyStore {
    /// The keys in this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes a key for a request.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(
        &self,
        key: Key,
        request: RequestDigest,
        now: DateTime<Utc>,
    ) -> Result<KeyState, sqlx::Error> {
        // One statement decides who works: a new key, or one whose worker has died.
        let taken = sqlx::query!(
            "insert into idempotency_keys as k (key, request, locked_until, created_at) values ($1, $2, $3, $4)
             on conflict (key) do update set locked_until = excluded.locked_until
             where k.status is null and k.locked_until <= $4 and k.request = excluded.request
             returning k.key",
            &key.0,
            &request.0,
            now + LOCKED_FOR,
            now
        )
        .fetch_optional(&self.pool)
        .await?;
        if taken.is_some() {
            return Ok(KeyState::Fresh);
        }
        let row = sqlx::query!(
            "select request, status, headers, body, locked_until from idempotency_keys where key = $1",
            &key.0
        )
        .fetch_optional(&self.pool)
        .await?;
        // Released between the two statements: the caller may repeat at once.
        let Some(row) = row else {
            return Ok(KeyState::Running(now));
        };
        Ok(if row.request != request.0 {
            KeyState::OtherRequest
        } else if let (Some(status), Some(headers), Some(body)) =
            (row.status, row.headers, row.body)
        {
            KeyState::Answered(StoredAnswer {
                status: status.cast_unsigned(),
                headers,
                body,
            })
        } else {
            KeyState::Running(row.locked_until)
        })
    }

    /// Says that a request still runs.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn prolong(&self, key: Key, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update idempotency_keys set locked_until = $2 where key = $1 and status is null",
            &key.0,
            now + LOCKED_FOR
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Keeps the answer of a request that did its work.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn store(&self, key: Key, answer: &StoredAnswer) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        store(&mut connection, key, answer).await
    }

    /// Gives a key back whose request changed nothing. One that has an answer keeps it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn release(&self, key: Key) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "delete from idempotency_keys where key = $1 and status is null",
            &key.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets keys a day after their first use; returns how many.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        let gone = sqlx::query!(
            "delete from idempotency_keys where created_at < $1",
            now - KEPT_FOR
        )
        .execute(&self.pool)
        .await?;
        Ok(gone.rows_affected())
    }
}

/// The latest answer stands: what an effect stored with itself is told again in full when its request ends.
async fn store(
    connection: &mut PgConnection,
    key: Key,
    answer: &StoredAnswer,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update idempotency_keys set status = $2, headers = $3, body = $4 where key = $1",
        &key.0,
        answer.status.cast_signed(),
        answer.headers,
        answer.body
    )
    .execute(connection)
    .await?;
    Ok(())
}
