//! How much waits, and since when: what monitoring asks every now and then.

use chrono::{DateTime, Utc};

use crate::{Billing, Result};

/// One look at all payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that the context core has not taken.
    pub outbox: i64,
    /// When the oldest of them was written.
    pub outbox_since: Option<DateTime<Utc>>,
    /// Stripe's events that wait for their payment to be known.
    pub parked: i64,
    /// When the oldest of them came.
    pub parked_since: Option<DateTime<Utc>>,
}

impl Billing {
    /// What waits now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self) -> Result<Backlog> {
        let outbox = self.outbox().backlog().await?;
        let parked = sqlx::query!(
            "select count(*) as \"events!\", min(received_at) as since from stripe_events where outcome = 'parked'"
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Backlog {
            outbox: outbox.rows,
            outbox_since: outbox.since,
            parked: parked.events,
            parked_since: parked.since,
        })
    }
}
