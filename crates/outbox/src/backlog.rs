//! How much waits, and since when: what monitoring asks.

use chrono::{DateTime, Utc};

use crate::Outbox;

/// What nobody has taken yet, parked messages included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Messages.
    pub rows: i64,
    /// When the oldest of them was pushed.
    pub since: Option<DateTime<Utc>>,
}

impl<M> Outbox<M> {
    /// What waits now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self) -> Result<Backlog, sqlx::Error> {
        let waiting = sqlx::query!(
            "select count(*) as \"rows!\", min(created_at) as since from outbox where done_at is null"
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Backlog {
            rows: waiting.rows,
            since: waiting.since,
        })
    }
}
