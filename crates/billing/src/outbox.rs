//! What the context core must hear after a commit; the API server tells it and marks the rows done.

use datacrowd_protocol::payment::PaymentGrant;
use sqlx::PgConnection;

use crate::{Billing, Error, Result};

/// One thing to tell.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Its number.
    pub id: i64,
    /// The payment's whole state; told in any order, since the highest version stands.
    pub grant: PaymentGrant,
}

pub(crate) async fn push(conn: &mut PgConnection, grant: &PaymentGrant) -> Result<()> {
    let payload = serde_json::to_value(grant).map_err(|_| Error::Corrupt { what: "grant" })?;
    sqlx::query!(
        "insert into outbox (payment_id, payload) values ($1, $2)",
        grant.payment.0,
        payload
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Billing {
    /// Rows that nobody has acted on; those that failed come last.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_open(&self, limit: i64) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query!(
            "select id, payload from outbox where done_at is null order by attempts, id limit $1",
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|r| {
                let grant = serde_json::from_value(r.payload)
                    .map_err(|_| Error::Corrupt { what: "grant" })?;
                Ok(OutboxRow { id: r.id, grant })
            })
            .collect()
    }

    /// Marks a row as acted on. Acting twice is harmless, so a crash between act and mark is too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_done(&self, id: i64) -> Result<()> {
        sqlx::query!("update outbox set done_at = now() where id = $1", id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts a row behind the others after a failed try.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_failed(&self, id: i64) -> Result<()> {
        sqlx::query!(
            "update outbox set attempts = attempts + 1 where id = $1",
            id
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
