//! A task's status set by hand: everything open again, or nothing more.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{ids::TaskId, work::TaskStatus};
use serde_json::json;

use crate::{
    Labelling, Refusal, Result,
    task_state::{Cause, TaskEvent, apply},
};

impl Labelling {
    /// Opens every place that has neither an answer nor a lease, as if nothing had been rejected.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn task_requeue(&self, task: TaskId, now: DateTime<Utc>) -> Result<TaskStatus> {
        self.task_set(task, TaskEvent::Requeued, "task.requeued", now)
            .await
    }

    /// Closes the open places; who holds a lease may still submit.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn task_cancel(&self, task: TaskId, now: DateTime<Utc>) -> Result<TaskStatus> {
        self.task_set(task, TaskEvent::Cancelled, "task.cancelled", now)
            .await
    }

    async fn task_set(
        &self,
        task: TaskId,
        event: TaskEvent,
        kind: &'static str,
        now: DateTime<Utc>,
    ) -> Result<TaskStatus> {
        let mut tx = self.begin().await?;
        // A batch that is still being loaded has no task that anybody could know of.
        sqlx::query!(
            "select t.id from tasks t join task_batches b on b.id = t.batch_id where t.id = $1 and b.sealed for update of t",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let cause = Cause {
            kind,
            subject: task.to_string(),
            actor: "internal",
            data: json!({}),
        };
        let changed = apply(&mut tx, task, event, &cause, now).await?;
        tx.commit().await?;
        Ok(changed.status)
    }
}
