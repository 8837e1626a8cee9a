//! The append-only record of state changes, written in the transaction that makes them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::Value;
use sqlx::PgConnection;

use crate::{Billing, Result};

/// What happened, to what, by whom.
pub(crate) async fn record(
    conn: &mut PgConnection,
    kind: &str,
    subject: &str,
    actor: &str,
    data: Value,
) -> Result<()> {
    sqlx::query!(
        "insert into events (kind, subject, actor, data) values ($1, $2, $3, $4)",
        kind,
        subject,
        actor,
        data
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A state change, as administrators read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it: a user's id, the id of Stripe's event, `reconcile`.
    pub actor: String,
    /// What it was: `payment.changed`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// With what.
    pub details: Value,
}

/// Which state changes are asked for; what is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What it was: `payment.changed`, or `payment` for everything about payments.
    pub action: Option<String>,
    /// What it was done to.
    pub subject: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

impl Billing {
    /// State changes, the latest first, from before the row `before`; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        before: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let rows = sqlx::query!(
            "select id, created_at, actor, kind, subject, data from events
             where id < $1 and ($2::text is null or actor = $2) and ($3::text is null or subject = $3)
               and ($4::text is null or kind = $4 or split_part(kind, '.', 1) = $4)
               and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)
             order by id desc limit $7",
            before,
            filter.actor.map(|id| id.to_string()),
            filter.subject,
            filter.action,
            filter.since,
            filter.until,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            id: row.id,
            at: row.created_at,
            actor: row.actor,
            action: row.kind,
            subject: row.subject,
            details: row.data,
        });
        Ok(entries.collect())
    }
}
