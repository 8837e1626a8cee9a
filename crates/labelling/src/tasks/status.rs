//! A task's status set by hand: everything open again, or nothing more.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::TaskId;
use serde_json::json;

use crate::{
    Labelling, Refusal, Result, events,
    transition::{TaskChange, task_changed},
};

impl Labelling {
    /// Opens every place that has neither an answer nor a lease, as if nothing had been rejected.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn task_requeue(&self, task: TaskId, now: DateTime<Utc>) -> Result<String> {
        self.task_set(task, true, now).await
    }

    /// Closes the open places; who holds a lease may still submit.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn task_cancel(&self, task: TaskId, now: DateTime<Utc>) -> Result<String> {
        self.task_set(task, false, now).await
    }

    async fn task_set(&self, task: TaskId, open: bool, now: DateTime<Utc>) -> Result<String> {
        let mut tx = self.pool.begin().await?;
        // Locked first, read afterwards: whether its dataset was deleted meanwhile.
        sqlx::query!("select id from tasks where id = $1 for update", task.0)
            .fetch_optional(&mut *tx)
            .await?;
        // A batch that is still being loaded has no task that anybody could know of.
        let row = sqlx::query!(
            "with old as (
                 select t.id, t.status, case when $2 then t.slots - t.leased - t.in_review - t.approved else 0 end as free,
                        d.bound_uid is not null and t.charged as queued
                 from tasks t join datasets d on d.id = t.dataset_id join task_batches b on b.id = t.batch_id
                 where t.id = $1 and b.sealed)
             update tasks t set slots_free = old.free, rejections = case when $2 then 0 else t.rejections end,
                    queue_pos = case when old.free > 0 and old.queued then nextval('task_queue_pos') end
             from old where t.id = old.id
             returning t.batch_id, old.status as \"before!\", t.status as \"after!\"",
            task.0,
            open
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let kind = if open {
            "task.requeued"
        } else {
            "task.cancelled"
        };
        events::record(&mut tx, kind, &task.to_string(), "internal", json!({})).await?;
        let change = TaskChange {
            task: task.0,
            batch: row.batch_id,
            before: row.before,
            after: row.after.clone(),
        };
        task_changed(&mut tx, &change, "internal", now).await?;
        tx.commit().await?;
        Ok(row.after)
    }
}
