//! Who did what to a tenant's things: append-only, written with the act, read by administrators.

use datacrowd_protocol::{
    audit::{AuditEntry, AuditFilter},
    ids::UserId,
};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{Labelling, Result};

/// Records an act in the transaction that does it.
pub(crate) async fn record(
    conn: &mut PgConnection,
    actor: UserId,
    action: &str,
    subject: &str,
    details: Value,
) -> Result<()> {
    sqlx::query!(
        "insert into audit (actor, action, subject, details) values ($1, $2, $3, $4)",
        actor.0,
        action,
        subject,
        details
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Labelling {
    /// Records an act whose effect lies outside this database, such as a resource or a download. Called
    /// before the effect, so that none is without its row.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_record(
        &self,
        actor: UserId,
        action: &str,
        subject: &str,
        details: Value,
    ) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        record(&mut conn, actor, action, subject, details).await
    }

    /// Rows of the audit, the latest first, from before the row `before`; at most `limit`.
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
            "select id, at, actor, action, subject, details from audit
             where id < $1 and ($2::uuid is null or actor = $2) and ($3::text is null or subject = $3)
               and ($4::text is null or action = $4 or split_part(action, '.', 1) = $4)
               and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
             order by id desc limit $7",
            before,
            filter.actor.map(|id| id.0),
            filter.subject,
            filter.action,
            filter.since,
            filter.until,
            limit
        )
        .fetch_all(&self.calls)
        .await?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            id: row.id,
            at: row.at,
            actor: Some(UserId(row.actor)),
            action: row.action,
            subject: row.subject,
            details: row.details,
        });
        Ok(entries.collect())
    }
}
