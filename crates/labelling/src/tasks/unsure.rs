//! Tasks that ended below their project's confidence for want of quota are looked at again once there is some.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::TaskId;
use serde_json::json;

use crate::{
    Labelling, Result,
    task_state::{Cause, TaskEvent, apply},
};

/// Most tasks per transaction: each may lock its project, which everybody's quota is spent from.
const STEP: i64 = 50;

impl Labelling {
    /// One step; true when there may be more to do.
    pub(crate) async fn sweep_unsure(&self, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        let gated = self.billing.gates();
        // A task that somebody is working on this instant is left for the next pass.
        let tasks = sqlx::query!(
            "select t.id from tasks t join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id
             where t.below_confidence and t.charged and d.bound_uid is not null and p.state not in ('closed', 'deleting')
               and (p.task_quota > p.tasks_used or not $1)
             order by t.id limit $2 for update of t skip locked",
            gated,
            STEP
        )
        .fetch_all(&mut *tx)
        .await?;
        for task in &tasks {
            let cause = Cause {
                kind: "task.reconsidered",
                subject: task.id.to_string(),
                actor: "sweeper",
                data: json!({}),
            };
            let event = TaskEvent::Reconsidered { gated };
            apply(&mut tx, TaskId(task.id), event, &cause, now).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(tasks.len()) == Ok(STEP))
    }
}
