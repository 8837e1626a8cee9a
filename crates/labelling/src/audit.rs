//! Who did what to a tenant's things: append-only, written with the act, read by administrators.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Result};

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: UserId,
    /// What it was: `project.create`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// With what.
    pub details: Value,
}

/// Which rows are asked for; what is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What it was: `project.create`, or `project` for everything about projects.
    pub action: Option<String>,
    /// What it was done to.
    pub subject: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

/// Records an act in the transaction that does it.
pub(crate) async fn record(
    conn: &mut PgConnection,
    at: DateTime<Utc>,
    actor: Uuid,
    action: &str,
    subject: &str,
    details: Value,
) -> Result<()> {
    sqlx::query!(
        "insert into audit (at, actor, action, subject, details) values ($1, $2, $3, $4, $5)",
        at,
        actor,
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
        at: DateTime<Utc>,
        actor: UserId,
        action: &str,
        subject: &str,
        details: Value,
    ) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        record(&mut conn, at, actor.0, action, subject, details).await
    }

    /// Rows of the audit, the latest first, from before the row `before`; at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let rows = sqlx::query!(
            "select id, at, actor, action, subject, details from audit
             where id < $1 and ($2::uuid is null or actor = $2) and ($3::text is null or subject = $3)
               and ($4::text is null or action = $4 or split_part(action, '.', 1) = $4)
               and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
             order by id desc limit $7",
            before.unwrap_or(i64::MAX),
            filter.actor.map(|id| id.0),
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
            at: row.at,
            actor: UserId(row.actor),
            action: row.action,
            subject: row.subject,
            details: row.details,
        });
        Ok(entries.collect())
    }
}
