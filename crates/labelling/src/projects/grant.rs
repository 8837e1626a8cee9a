//! Grants: what a project may spend, each absolute under its own id. Quota is their sum, so that grants may
//! arrive in any order and any number of times.

use datacrowd_protocol::{ids::ProjectId, internal::Billing, payment::PaymentGrant};
use sqlx::PgConnection;
use uuid::Uuid;

use super::billing;
use crate::{BillingMode, Labelling, Refusal, Result, events, outbox};

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
        let mut tx = self.begin().await?;
        lock(&mut tx, id).await?;
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
        }
        let data = serde_json::json!({"grantId": grant_id, "judgements": judgements});
        let billing = settle(&mut tx, self.billing, id, (inserted > 0).then_some(data)).await?;
        tx.commit().await?;
        Ok(billing)
    }

    /// Takes over what a payment grants. A version that is not newer than the known one changes nothing.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn payment_grant(&self, grant: &PaymentGrant) -> Result<Billing> {
        let mut tx = self.begin().await?;
        lock(&mut tx, grant.project).await?;
        let newer = sqlx::query!(
            "insert into grants as g (project_id, grant_id, judgements, pending, version) values ($1, $2, $3, $4, $5)
             on conflict (project_id, grant_id) do update
             set judgements = excluded.judgements, pending = excluded.pending, version = excluded.version where g.version < excluded.version",
            grant.project.0,
            format!("payment:{}", grant.payment),
            grant.judgements,
            grant.pending,
            grant.version
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let data = serde_json::json!({"paymentId": grant.payment, "judgements": grant.judgements, "version": grant.version});
        let billing = settle(
            &mut tx,
            self.billing,
            grant.project,
            (newer > 0).then_some(data),
        )
        .await?;
        tx.commit().await?;
        Ok(billing)
    }
}

async fn lock(conn: &mut PgConnection, id: ProjectId) -> Result<()> {
    sqlx::query!("select id from projects where id = $1 for update", id.0)
        .fetch_optional(conn)
        .await?
        .map(|_| ())
        .ok_or_else(|| Refusal::NotFound.into())
}

/// Derives quota and status from the grants; a change is recorded, and wakes what waits for quota.
async fn settle(
    conn: &mut PgConnection,
    mode: BillingMode,
    id: ProjectId,
    change: Option<serde_json::Value>,
) -> Result<Billing> {
    let row = sqlx::query!(
        "update projects p set task_quota = g.quota,
                billing_status = case when g.quota > 0 then 'paid' when g.pending then 'pending' else 'unpaid' end
         from (select coalesce(sum(judgements), 0)::bigint as quota, coalesce(bool_or(pending), false) as pending
               from grants where project_id = $1) g
         where p.id = $1 returning p.tenant_id, p.namespace, p.name, p.task_quota, p.tasks_used, p.billing_status",
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if let Some(data) = change {
        outbox::billing_changed(conn, &row.namespace, &row.name).await?;
        wake_exports(conn, row.tenant_id, id).await?;
        events::record(conn, "project.granted", &id.to_string(), "internal", data).await?;
    }
    billing(mode, &row.billing_status, row.task_quota, row.tasks_used)
}

/// A debt is the tenant's: what was paid for one project may be what exports of the others wait for.
async fn wake_exports(conn: &mut PgConnection, tenant: Uuid, paid: ProjectId) -> Result<()> {
    let waiting = sqlx::query!(
        "select p.namespace, p.name from projects p where p.tenant_id = $1 and p.id <> $2 and p.bound_uid is not null
           and exists (select from exports e where e.project_id = p.id and e.state = 'pending' and e.bound_uid is not null)
           and not exists (select from projects o where o.tenant_id = $1 and o.tasks_used > o.task_quota)",
        tenant,
        paid.0
    )
    .fetch_all(&mut *conn)
    .await?;
    for project in waiting {
        outbox::billing_changed(conn, &project.namespace, &project.name).await?;
    }
    Ok(())
}
