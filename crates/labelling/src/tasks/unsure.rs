//! Tasks that ended below their project's confidence for want of quota are looked at again once there is some.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::TaskId;
use serde_json::json;

use crate::{
    Labelling, Result,
    task_state::{Cause, TaskEvent, apply},
};

/// Most tasks per pass of one replica.
const STEP: i64 = 200;

impl Labelling {
    /// Looks at the first of them again; those that are left are for the next pass.
    pub(crate) async fn sweep_unsure(&self, now: DateTime<Utc>) -> Result<()> {
        let gated = self.billing.gates();
        // In the order of their own index: in that of all tasks, all of them were read where none was known to be unsure.
        let unsure = sqlx::query_scalar!(
            "select t.id from tasks t join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id
             where t.below_confidence and t.charged and d.bound_uid is not null and p.state not in ('closed', 'deleting')
               and (p.task_quota > p.tasks_used or not $1)
             order by t.project_id, t.id limit $2",
            gated,
            STEP
        )
        .fetch_all(&self.calls)
        .await?;
        for task in unsure {
            self.reconsider(TaskId(task), gated, now).await?;
        }
        Ok(())
    }

    /// One task in one transaction: it may end up with its project locked, and must wait for no other batch then.
    async fn reconsider(&self, task: TaskId, gated: bool, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin().await?;
        // One that somebody is working on this instant is left for the next pass.
        let locked = sqlx::query!(
            "select id from tasks where id = $1 and below_confidence for update skip locked",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if locked.is_some() {
            let cause = Cause {
                kind: "task.reconsidered",
                subject: task.to_string(),
                actor: "sweeper",
                data: json!({}),
            };
            apply(
                &mut tx,
                task,
                TaskEvent::Reconsidered { gated },
                &cause,
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
