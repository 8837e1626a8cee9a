//! Answers to creating requests, kept so that a repeated request is answered and not done again.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::idempotency::{KeyState, StoredAnswer};

use crate::{Labelling, Result};

/// How long a request may take before it counts as dead and its key may be used again.
const LOCKED_FOR: TimeDelta = TimeDelta::minutes(2);

impl Labelling {
    /// Takes a key (a digest over caller and key) for a request (a digest over method, path and body).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn idempotency_begin(
        &self,
        key: &[u8; 32],
        request: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<KeyState> {
        // One statement decides who works: a new key, or one whose worker has died.
        let taken = sqlx::query!(
            "insert into idempotency_keys as k (key, request, locked_until, created_at) values ($1, $2, $3, $4)
             on conflict (key) do update set locked_until = excluded.locked_until
             where k.status is null and k.locked_until <= $4 and k.request = excluded.request
             returning k.key",
            key,
            request,
            now + LOCKED_FOR,
            now
        )
        .fetch_optional(&self.calls)
        .await?;
        if taken.is_some() {
            return Ok(KeyState::Fresh);
        }
        let row = sqlx::query!(
            "select request, status, headers, body, locked_until from idempotency_keys where key = $1",
            key
        )
        .fetch_optional(&self.calls)
        .await?;
        // Released between the two statements: the caller may repeat at once.
        let Some(row) = row else {
            return Ok(KeyState::Running(now));
        };
        Ok(if row.request != request {
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
    pub async fn idempotency_prolong(&self, key: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "update idempotency_keys set locked_until = $2 where key = $1 and status is null",
            key,
            now + LOCKED_FOR
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// Keeps the answer of a request that did its work.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn idempotency_store(&self, key: &[u8; 32], answer: &StoredAnswer) -> Result<()> {
        sqlx::query!(
            "update idempotency_keys set status = $2, headers = $3, body = $4 where key = $1 and status is null",
            key,
            answer.status.cast_signed(),
            answer.headers,
            answer.body
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// Gives a key back whose request changed nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn idempotency_release(&self, key: &[u8; 32]) -> Result<()> {
        sqlx::query!(
            "delete from idempotency_keys where key = $1 and status is null",
            key
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// Forgets keys a day after their first use; returns how many.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn idempotency_sweep(&self, now: DateTime<Utc>) -> Result<u64> {
        let day = now - TimeDelta::days(1);
        let gone = sqlx::query!("delete from idempotency_keys where created_at < $1", day)
            .execute(&self.calls)
            .await?;
        Ok(gone.rows_affected())
    }
}
