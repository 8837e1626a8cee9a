//! Reading who decided what about whom.

use datacrowd_protocol::{
    audit::{AuditEntry, AuditFilter},
    ids::UserId,
};
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
};

impl Accounts {
    /// Rows of the audit, the latest first, from before the row `before`; at most `limit`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        before: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, Unavailable> {
        let target: Option<Uuid> = match filter.subject.as_deref().map(str::parse).transpose() {
            Ok(target) => target,
            Err(_) => return Ok(Vec::new()), // here a subject is always a person
        };
        let rows = sqlx::query!(
            "SELECT id, at, actor, action, target, details FROM audit
             WHERE id < $1 AND ($2::uuid IS NULL OR actor = $2) AND ($3::uuid IS NULL OR target = $3)
               AND ($4::text IS NULL OR action = $4 OR split_part(action, '.', 1) = $4)
               AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
             ORDER BY id DESC LIMIT $7",
            before,
            filter.actor.map(|id| id.0),
            target,
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
            subject: row.target.to_string(),
            details: row.details,
        });
        Ok(entries.collect())
    }
}
