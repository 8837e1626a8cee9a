//! Grants of judgements: absolute, and idempotent by their id.

use datacrowd_protocol::{ids::ProjectId, internal::Billing};

use super::billing;
use crate::{Labelling, Refusal, Result, events, outbox};

impl Labelling {
    /// Grants judgements by hand. The same id with the same number changes nothing.
    ///
    /// # Errors
    /// `not_found`, `invalid_grant`, `grant_conflict`; or the database failed.
    pub async fn project_grant(
        &self,
        id: ProjectId,
        grant_id: &str,
        judgements: i64,
    ) -> Result<Billing> {
        if grant_id.is_empty()
            || grant_id.len() > 200
            || !(0..=1_000_000_000_000).contains(&judgements)
        {
            return Err(Refusal::InvalidGrant.into());
        }
        let mut tx = self.pool.begin().await?;
        let project = sqlx::query!(
            "select namespace, name from projects where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let inserted = sqlx::query!(
            "insert into grants (project_id, grant_id, judgements) values ($1, $2, $3) on conflict (project_id, grant_id) do nothing",
            id.0,
            grant_id,
            judgements
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if inserted == 0 {
            let known = sqlx::query!(
                "select judgements from grants where project_id = $1 and grant_id = $2",
                id.0,
                grant_id
            )
            .fetch_one(&mut *tx)
            .await?;
            if known.judgements != judgements {
                return Err(Refusal::GrantConflict.into());
            }
        } else {
            outbox::billing_changed(&mut tx, &project.namespace, &project.name).await?;
            events::record(
                &mut tx,
                "project.granted",
                &id.to_string(),
                "internal",
                serde_json::json!({"grantId": grant_id, "judgements": judgements}),
            )
            .await?;
        }
        let row = sqlx::query!(
            "update projects set billing_status = 'paid',
                    task_quota = (select coalesce(sum(judgements), 0)::bigint from grants where project_id = $1)
             where id = $1 returning task_quota, tasks_used, billing_status",
            id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        billing(&row.billing_status, row.task_quota, row.tasks_used)
    }
}
