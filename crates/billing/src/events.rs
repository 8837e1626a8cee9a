//! The append-only record of state changes, written in the transaction that makes them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    audit::{AuditEntry, AuditFilter},
    ids::UserId,
};
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
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into events (kind, subject, actor, data, created_at) values ($1, $2, $3, $4, $5)",
        kind,
        subject,
        actor,
        data,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Billing {
    /// State changes, the latest first, from before the row `before`; at most `limit`. What no person did
    /// names its cause in `details.by`: the id of Stripe's event, `reconcile`.
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
        let entries = rows.into_iter().map(|mut row| {
            let actor = row.actor.parse().ok().map(UserId);
            if let (None, Value::Object(details)) = (actor, &mut row.data) {
                details.insert("by".into(), row.actor.into());
            }
            AuditEntry {
                id: row.id,
                at: row.created_at,
                actor,
                action: row.kind,
                subject: row.subject,
                details: row.data,
            }
        });
        Ok(entries.collect())
    }
}
