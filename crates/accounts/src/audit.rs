//! Reading who decided what about whom.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::Value;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
};

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it; the platform itself when absent.
    pub actor: Option<UserId>,
    /// What it was: `user.role_changed`.
    pub action: String,
    /// Whom it concerns.
    pub target: UserId,
    /// From what to what.
    pub details: Value,
}

/// Which rows are asked for; what is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What it was: `user.role_changed`, or `user` for everything about users.
    pub action: Option<String>,
    /// Whom it concerns.
    pub target: Option<UserId>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

impl Accounts {
    /// Rows of the audit, the latest first, from before the row `before`; at most `limit`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, Unavailable> {
        let rows = sqlx::query!(
            "SELECT id, at, actor, action, target, details FROM audit
             WHERE id < $1 AND ($2::uuid IS NULL OR actor = $2) AND ($3::uuid IS NULL OR target = $3)
               AND ($4::text IS NULL OR action = $4 OR split_part(action, '.', 1) = $4)
               AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
             ORDER BY id DESC LIMIT $7",
            before.unwrap_or(i64::MAX),
            filter.actor.map(|id| id.0),
            filter.target.map(|id| id.0),
            filter.action,
            filter.since,
            filter.until,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("listing the audit")?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            id: row.id,
            at: row.at,
            actor: row.actor.map(UserId),
            action: row.action,
            target: UserId(row.target),
            details: row.details,
        });
        Ok(entries.collect())
    }
}
