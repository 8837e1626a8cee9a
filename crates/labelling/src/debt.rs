//! What a tenant owes: judgements that were spent and are not paid for any more, after a refund. It is counted only
//! where billing gates, and closes the door for the whole tenant: another project of it is no way around.

use datacrowd_protocol::ids::{ProjectId, TenantId};
use sqlx::PgConnection;

use crate::{BillingMode, Labelling, Refusal, Result};

/// A project that spent more than it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owing {
    /// The project.
    pub project: ProjectId,
    /// Its name as people see it.
    pub name: String,
    /// Judgements spent beyond the quota.
    pub judgements: i64,
}

/// Judgements that are owed together.
pub(crate) fn sum(owing: &[Owing]) -> i64 {
    owing
        .iter()
        .fold(0, |sum, owed| sum.saturating_add(owed.judgements))
}

/// For which projects, as people call them.
pub(crate) fn names(owing: &[Owing]) -> String {
    let names: Vec<_> = owing.iter().map(|o| format!("\"{}\"", o.name)).collect();
    names.join(", ")
}

/// The tenant's projects in debt.
async fn owing(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Owing>> {
    let rows = sqlx::query!(
        "select id, display_name, tasks_used - task_quota as \"judgements!\" from projects
         where tenant_id = $1 and tasks_used > task_quota order by id",
        tenant.0
    )
    .fetch_all(conn)
    .await?;
    let owing = rows.into_iter().map(|r| Owing {
        project: ProjectId(r.id),
        name: r.display_name,
        judgements: r.judgements,
    });
    Ok(owing.collect())
}

/// Refuses a tenant that owes something.
pub(crate) async fn refuse(
    conn: &mut PgConnection,
    billing: BillingMode,
    tenant: TenantId,
) -> Result<()> {
    if !billing.gates() {
        return Ok(());
    }
    let owing = owing(conn, tenant).await?;
    if owing.is_empty() {
        return Ok(());
    }
    Err(Refusal::DebtOwed { owing }.into())
}

impl Labelling {
    /// Refuses a tenant that owes something; never where nothing is gated.
    ///
    /// # Errors
    /// `debt_owed`; or the database failed.
    pub async fn debt_refuse(&self, tenant: TenantId) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        refuse(&mut conn, self.billing, tenant).await
    }

    /// Forgets what was spent beyond quota while nothing gated, so that gating later does not begin with a debt.
    /// Says for how many projects.
    ///
    /// # Errors
    /// The database failed.
    pub async fn debt_forgive(&self) -> Result<u64> {
        if self.billing.gates() {
            return Ok(0);
        }
        let forgiven = sqlx::query!(
            "update projects set tasks_used = task_quota where tasks_used > task_quota"
        )
        .execute(&self.calls)
        .await?;
        Ok(forgiven.rows_affected())
    }
}
