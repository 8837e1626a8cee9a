//! An adopted dataset's tasks join the queue again, in windows: a statement's time is bounded, a
//! dataset's size is not. First those that are paid for, then the others, as far as quota goes.

use datacrowd_protocol::ids::DatasetId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::delete::{STEP_ROWS, window_lock};
use crate::{Labelling, Result, runs::spend};

/// An adopted dataset of which some tasks are not back in the queue.
struct Rejoining {
    id: Uuid,
    bound: Uuid,
    project: Uuid,
    answers_per_task: i32,
}

impl Labelling {
    /// Goes on with every adopted dataset until it is done or its project's quota ends.
    pub(crate) async fn sweep_requeue(&self) -> Result<()> {
        let waiting = sqlx::query!(
            "select id from datasets where bound_uid is not null and (requeue_from is not null or recharge_from is not null) order by id"
        )
        .fetch_all(&self.calls)
        .await?;
        for dataset in waiting {
            while self.dataset_rejoin(DatasetId(dataset.id)).await? {}
        }
        Ok(())
    }

    /// One window of one adopted dataset. False when nothing more can be done now.
    async fn dataset_rejoin(&self, id: DatasetId) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        window_lock(&mut tx, id.0).await?;
        let row = sqlx::query!(
            "select d.bound_uid, d.requeue_from, d.recharge_from, d.project_id, p.answers_per_task
             from datasets d join projects p on p.id = d.project_id where d.id = $1 and p.state <> 'closed'",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let Some(bound) = row.bound_uid else {
            return Ok(false);
        };
        let rejoining = Rejoining {
            id: id.0,
            bound,
            project: row.project_id,
            answers_per_task: row.answers_per_task,
        };
        let more = match (row.requeue_from, row.recharge_from) {
            (Some(from), _) => requeue(&mut tx, &rejoining, from).await?,
            (None, Some(from)) => self.recharge(&mut tx, &rejoining, from).await?,
            (None, None) => Some(false),
        };
        // Deleted or adopted anew meanwhile: what that wrote stands, and nothing of this.
        let Some(more) = more else { return Ok(false) };
        tx.commit().await?;
        Ok(more)
    }

    /// Spends quota on tasks of one window that were given back; they join the queue. Behind the first that
    /// quota does not cover nothing is spent: the rest waits in its order.
    async fn recharge(
        &self,
        conn: &mut PgConnection,
        dataset: &Rejoining,
        from: i64,
    ) -> Result<Option<bool>> {
        if self.billing.gates() && still_short(conn, dataset, from).await? {
            return Ok(None);
        }
        let to = from.saturating_add(STEP_ROWS);
        let unpaid = sqlx::query!(
            "select id, row_no from tasks where dataset_id = $1 and row_no >= $2 and row_no < $3 and not charged order by row_no for update",
            dataset.id,
            from,
            to
        )
        .fetch_all(&mut *conn)
        .await?;
        // The dataset before the project, as everywhere.
        let ours = sqlx::query!(
            "select id from datasets where id = $1 and bound_uid = $2 and recharge_from = $3 for update",
            dataset.id,
            dataset.bound,
            from
        )
        .fetch_optional(&mut *conn)
        .await?;
        if ours.is_none() {
            return Ok(None);
        }
        let wanted = i64::try_from(unpaid.len()).unwrap_or(i64::MAX);
        let granted = spend(
            conn,
            dataset.project,
            dataset.answers_per_task,
            wanted,
            self.billing,
        )
        .await?;
        let paid = usize::try_from(granted).unwrap_or(0).min(unpaid.len());
        let ids: Vec<_> = unpaid[..paid].iter().map(|t| t.id).collect();
        sqlx::query!(
            "update tasks t set charged = true, queue_pos = case when o.queued then nextval('task_queue_pos') end
             from (select t.id, b.sealed and t.slots_free > 0 as queued from tasks t join task_batches b on b.id = t.batch_id
                   where t.id = any($1) order by t.id) o
             where t.id = o.id",
            &ids
        )
        .execute(&mut *conn)
        .await?;
        let next = match unpaid.get(paid) {
            Some(first) => Some(first.row_no),
            None => is_there(conn, dataset.id, to).await?.then_some(to),
        };
        if paid == 0 && next == Some(from) {
            return Ok(None);
        }
        sqlx::query!(
            "update datasets set recharge_from = $2 where id = $1",
            dataset.id,
            next
        )
        .execute(conn)
        .await?;
        Ok(Some(next == Some(to)))
    }
}

/// Whether the row that the last window stopped at still waits, and quota covers no task: asked without a lock, since
/// every pass asks until somebody buys.
async fn still_short(conn: &mut PgConnection, dataset: &Rejoining, from: i64) -> Result<bool> {
    let row = sqlx::query!(
        "select p.task_quota - p.tasks_used < $4 as \"short!\" from projects p
         where p.id = $1 and exists (select from tasks t where t.dataset_id = $2 and t.row_no = $3 and not t.charged)",
        dataset.project,
        dataset.id,
        from,
        i64::from(dataset.answers_per_task)
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some_and(|row| row.short))
}

/// Gives the paid tasks of one window, where a place is free and the batch is sealed, a position in the queue.
async fn requeue(conn: &mut PgConnection, dataset: &Rejoining, from: i64) -> Result<Option<bool>> {
    let to = from.saturating_add(STEP_ROWS);
    sqlx::query!(
        "select id from tasks where dataset_id = $1 and row_no >= $2 and row_no < $3 order by id for update",
        dataset.id,
        from,
        to
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "update tasks t set queue_pos = nextval('task_queue_pos') from task_batches b
         where t.dataset_id = $1 and t.row_no >= $2 and t.row_no < $3
           and b.id = t.batch_id and b.sealed and t.charged and t.slots_free > 0 and t.queue_pos is null",
        dataset.id,
        from,
        to
    )
    .execute(&mut *conn)
    .await?;
    let next = is_there(conn, dataset.id, to).await?.then_some(to);
    let moved = sqlx::query!(
        "update datasets set requeue_from = $4 where id = $1 and bound_uid = $2 and requeue_from = $3",
        dataset.id,
        dataset.bound,
        from,
        next
    )
    .execute(conn)
    .await?;
    Ok((moved.rows_affected() == 1).then_some(true))
}

/// Whether the dataset has a row at or behind this one.
async fn is_there(conn: &mut PgConnection, dataset: Uuid, row: i64) -> Result<bool> {
    let rest = sqlx::query!(
        "select exists (select from tasks where dataset_id = $1 and row_no >= $2) as \"more!\"",
        dataset,
        row
    )
    .fetch_one(conn)
    .await?;
    Ok(rest.more)
}
