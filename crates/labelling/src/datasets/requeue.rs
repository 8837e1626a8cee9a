//! An adopted dataset's tasks join the queue again, in windows: a statement's time is bounded, a
//! dataset's size is not. First those that are paid for, then the others, as far as quota goes.

use datacrowd_protocol::ids::{DatasetId, ProjectId, ResourceUid, TaskId};
use sqlx::PgConnection;

use super::window::{STEP_ROWS, is_there, window_lock};
use crate::{Labelling, Result, runs::spend};

/// An adopted dataset of which some tasks are not back in the queue.
struct Rejoining {
    id: DatasetId,
    bound: ResourceUid,
    project: ProjectId,
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
        let mut tx = self.begin().await?;
        window_lock(&mut tx, id).await?;
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
            id,
            bound: ResourceUid(bound),
            project: ProjectId(row.project_id),
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
        let unpaid = unpaid(conn, dataset.id, from, to).await?;
        if !dataset.lock(conn, from).await? {
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
        charge(conn, &unpaid[..paid]).await?;
        let next = match unpaid.get(paid) {
            Some(first) => Some(first.row_no),
            None => is_there(conn, dataset.id, to).await?.then_some(to),
        };
        if paid == 0 && next == Some(from) {
            return Ok(None);
        }
        sqlx::query!(
            "update datasets set recharge_from = $2 where id = $1",
            dataset.id.0,
            next
        )
        .execute(conn)
        .await?;
        Ok(Some(next == Some(to)))
    }
}

impl Rejoining {
    /// Locks the dataset before its project, as everywhere. False when it was deleted or adopted anew meanwhile.
    async fn lock(&self, conn: &mut PgConnection, from: i64) -> Result<bool> {
        let ours = sqlx::query!(
            "select id from datasets where id = $1 and bound_uid = $2 and recharge_from = $3 for update",
            self.id.0,
            self.bound.0,
            from
        )
        .fetch_optional(conn)
        .await?;
        Ok(ours.is_some())
    }
}

/// A task that nothing was spent on.
struct Unpaid {
    id: TaskId,
    row_no: i64,
}

/// Locks the unpaid tasks of one window.
async fn unpaid(
    conn: &mut PgConnection,
    dataset: DatasetId,
    from: i64,
    to: i64,
) -> Result<Vec<Unpaid>> {
    let unpaid = sqlx::query_as!(
        Unpaid,
        "select id, row_no from tasks where dataset_id = $1 and row_no >= $2 and row_no < $3 and not charged order by row_no for update",
        dataset.0,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(unpaid)
}

/// Marks tasks as paid for, and gives those a position in the queue that have a free place in a sealed batch.
async fn charge(conn: &mut PgConnection, tasks: &[Unpaid]) -> Result<()> {
    let ids: Vec<_> = tasks.iter().map(|t| t.id.0).collect();
    sqlx::query!(
        "update tasks t set charged = true, queue_pos = case when o.queued then nextval('task_queue_pos') end
             from (select t.id, b.sealed and t.slots_free > 0 as queued from tasks t join task_batches b on b.id = t.batch_id
                   where t.id = any($1) order by t.id) o
             where t.id = o.id",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the row that the last window stopped at still waits, and quota covers no task: asked without a lock, since
/// every pass asks until somebody buys.
async fn still_short(conn: &mut PgConnection, dataset: &Rejoining, from: i64) -> Result<bool> {
    let row = sqlx::query!(
        "select p.task_quota - p.tasks_used < $4 as \"short!\" from projects p
         where p.id = $1 and exists (select from tasks t where t.dataset_id = $2 and t.row_no = $3 and not t.charged)",
        dataset.project.0,
        dataset.id.0,
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
        dataset.id.0,
        from,
        to
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "update tasks t set queue_pos = nextval('task_queue_pos') from task_batches b
         where t.dataset_id = $1 and t.row_no >= $2 and t.row_no < $3
           and b.id = t.batch_id and b.sealed and t.charged and t.slots_free > 0 and t.queue_pos is null",
        dataset.id.0,
        from,
        to
    )
    .execute(&mut *conn)
    .await?;
    let next = is_there(conn, dataset.id, to).await?.then_some(to);
    let moved = sqlx::query!(
        "update datasets set requeue_from = $4 where id = $1 and bound_uid = $2 and requeue_from = $3",
        dataset.id.0,
        dataset.bound.0,
        from,
        next
    )
    .execute(conn)
    .await?;
    Ok((moved.rows_affected() == 1).then_some(true))
}
