//! What follows from a task, a batch or a dataset reaching its end, or leaving it again.
//!
//! Locks are taken in one order everywhere: task, answer, batch, dataset, project.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Result, events, projects::settle_state};

/// A task's status before and after a change, as the database derives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskChange {
    pub task: i64,
    pub batch: i64,
    pub before: String,
    pub after: String,
}

fn is_terminal(status: &str) -> bool {
    matches!(status, "approved" | "rejected")
}

/// Carries a task's change on to its batch, its dataset and its project.
pub(crate) async fn task_changed(
    conn: &mut PgConnection,
    change: &TaskChange,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    if change.before == change.after {
        return Ok(());
    }
    events::record(
        conn,
        "task.changed",
        &change.task.to_string(),
        actor,
        serde_json::json!({"from": change.before, "to": change.after}),
    )
    .await?;
    let delta =
        |status: &str| i32::from(change.after == status) - i32::from(change.before == status);
    let opened = i32::from(is_terminal(&change.before)) - i32::from(is_terminal(&change.after));
    if delta("approved") == 0 && delta("rejected") == 0 {
        return Ok(());
    }
    let batch = sqlx::query!(
        "update task_batches set approved = approved + $2, rejected = rejected + $3, open_tasks = open_tasks + $4,
                status = case when not sealed then status when open_tasks + $4 = 0 then 'done' else 'in_progress' end
         where id = $1 returning dataset_id, open_tasks, sealed",
        change.batch,
        delta("approved"),
        delta("rejected"),
        opened
    )
    .fetch_one(&mut *conn)
    .await?;
    let batches = match (batch.open_tasks, opened) {
        (0, -1) => -1,
        (1, 1) => 1,
        _ => 0,
    };
    if batch.sealed && batches != 0 {
        sqlx::query!(
            "update datasets set open_batches = open_batches + $2 where id = $1",
            batch.dataset_id,
            batches
        )
        .execute(&mut *conn)
        .await?;
        settle_dataset(conn, batch.dataset_id, now).await?;
    }
    Ok(())
}

/// READY and COMPLETED follow the number of open batches; the project follows its datasets.
pub(crate) async fn settle_dataset(
    conn: &mut PgConnection,
    dataset: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query!(
        "update datasets set updated_at = $2, state = case when open_batches = 0 then 'completed' else 'ready' end
         where id = $1 and state in ('ready', 'completed') and state <> case when open_batches = 0 then 'completed' else 'ready' end
         returning project_id, state",
        dataset,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(row) = row {
        events::record(
            conn,
            "dataset.settled",
            &dataset.to_string(),
            "transition",
            serde_json::json!({"state": row.state}),
        )
        .await?;
        settle_state(conn, row.project_id).await?;
    }
    Ok(())
}

/// Batches that are full, or whose run is complete, join the queue; tasks that nobody pays for wait until
/// somebody does.
pub(crate) async fn seal_batches(
    conn: &mut PgConnection,
    dataset: Uuid,
    batch_size: Option<i32>,
) -> Result<()> {
    // A batch whose tasks are all done before it is sealed cannot exist: unsealed tasks are not in the queue.
    sqlx::query!(
        "with sealed as (
             update task_batches set sealed = true, status = 'ready'
             where dataset_id = $1 and not sealed and ($2::int is null or size >= $2) and size > 0 returning id),
         queued as (
             update tasks t set queue_pos = o.pos
             from (select id, nextval('task_queue_pos') as pos
                   from (select t.id from tasks t join sealed s on s.id = t.batch_id
                         where t.queue_pos is null and t.slots_free > 0 and t.charged order by t.id) rows) o
             where t.id = o.id)
         update datasets set open_batches = open_batches + (select count(*) from sealed)::int where id = $1",
        dataset,
        batch_size
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Every row is a task: the last batch is sealed and the dataset is READY.
pub(crate) async fn dataset_loaded(
    conn: &mut PgConnection,
    dataset: Uuid,
    rows: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    seal_batches(conn, dataset, None).await?;
    sqlx::query!("update datasets set state = 'ready', total_items = $2, completed_at = $3, updated_at = $3 where id = $1", dataset, rows, now)
        .execute(&mut *conn)
        .await?;
    events::record(
        conn,
        "dataset.ready",
        &dataset.to_string(),
        "runner",
        serde_json::json!({"rows": rows}),
    )
    .await?;
    settle_dataset(conn, dataset, now).await
}
