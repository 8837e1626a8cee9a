//! What the context core must hear after a commit.

use datacrowd_outbox::{Outbox, Stream, push};
use datacrowd_protocol::payment::PaymentGrant;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Billing, Result};

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum PaymentsMessage {
    /// A payment's whole state at a version; the highest version stands.
    PaymentGrant(PaymentGrant),
}

/// Queues a payment's state. The caller holds the payment's lock.
pub(crate) async fn grant_changed(conn: &mut PgConnection, grant: PaymentGrant) -> Result<()> {
    let key = grant.payment.to_string();
    push(conn, &key, &PaymentsMessage::PaymentGrant(grant)).await?;
    Ok(())
}

impl Billing {
    /// What is still to be told.
    #[must_use]
    pub fn outbox(&self) -> Outbox<PaymentsMessage> {
        Outbox::new("payments", self.pool.clone())
    }

    /// What clients are still to be told of.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::new("payments", self.pool.clone())
    }
}
