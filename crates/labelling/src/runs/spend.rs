//! Quota is spent with the rows that it pays for.

use datacrowd_protocol::ids::ProjectId;
use sqlx::PgConnection;

use crate::{BillingMode, Result};

/// Takes quota for as many whole tasks as it allows, in one statement, and says for how many. Where nothing is gated
/// nothing is counted: it would be a debt on the day that gating begins.
pub(crate) async fn spend(
    conn: &mut PgConnection,
    project: ProjectId,
    slots: i32,
    wanted: i64,
    billing: BillingMode,
) -> Result<i64> {
    let gated = billing.gates();
    let row = sqlx::query!(
        "with room as (
             select id, case when $4 then least($2, greatest(task_quota - tasks_used, 0) / $3) else $2 end as tasks from projects where id = $1 for update)
         update projects p set tasks_used = p.tasks_used + case when $4 then room.tasks * $3 else 0 end from room where p.id = room.id returning room.tasks as \"tasks!\"",
        project.0,
        wanted,
        i64::from(slots),
        gated
    )
    .fetch_one(conn)
    .await?;
    Ok(row.tasks)
}
