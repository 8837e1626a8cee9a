//! An adopted dataset's tasks join the queue again, in windows: a statement's time is bounded, a
//! dataset's size is not.

use crate::{Labelling, Result};

/// Rows looked at in one transaction.
const WINDOW_ROWS: i64 = 10_000;

impl Labelling {
    /// Gives the tasks of one window of one adopted dataset, where a place is free and the batch is
    /// sealed, a position in the queue. False when no dataset waits for it.
    pub(crate) async fn sweep_requeue(&self) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        // One replica at a time. A lock on the dataset's row would come before those on its tasks, and
        // everybody else takes the tasks first.
        let ours = sqlx::query!(
            "select pg_try_advisory_xact_lock(hashtextextended('requeue', 0)) as \"ours!\""
        )
        .fetch_one(&mut *tx)
        .await?;
        if !ours.ours {
            return Ok(false);
        }
        let waiting = sqlx::query!(
            "select id, requeue_from as \"from!\" from datasets where requeue_from is not null order by id limit 1"
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(waiting) = waiting else {
            return Ok(false);
        };
        let to = waiting.from.saturating_add(WINDOW_ROWS);
        sqlx::query!(
            "update tasks t set queue_pos = nextval('task_queue_pos') from task_batches b
             where t.dataset_id = $1 and t.row_no >= $2 and t.row_no < $3
               and b.id = t.batch_id and b.sealed and t.slots_free > 0 and t.queue_pos is null",
            waiting.id,
            waiting.from,
            to
        )
        .execute(&mut *tx)
        .await?;
        // Deleted or adopted anew meanwhile: what that wrote stands.
        sqlx::query!(
            "update datasets set requeue_from = case when exists (select from tasks where dataset_id = $1 and row_no >= $3) then $3 end
             where id = $1 and requeue_from = $2",
            waiting.id,
            waiting.from,
            to
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}
