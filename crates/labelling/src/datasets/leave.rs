//! What a deleted dataset lets go of, window by window: places in the queue, leases, open reviews, and the
//! quota of what nobody answered.
//!
//! The dataset is unbound before the first window, and each window's tasks are locked before anything of them
//! is read: whoever had a task locked has let go, and whoever comes later sees that the dataset is unbound.
//! So nothing comes back behind a window that is done. What it must not do: take locks in another order than
//! task, answer, batch, dataset, project, or hold two batches at once (see [`task_state`](crate::task_state)).

mod reviews;

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{DatasetId, ProjectId, TaskId};
use serde_json::json;
use sqlx::PgConnection;

use self::reviews::close_reviews;
use super::{
    delete::Deletion,
    window::{STEP_ROWS, is_there},
};
use crate::{Result, events, outbox, projects::settle_state, task_state::lease_ended};

/// Leases ended, or answers decided, in one transaction.
const STEP_PEOPLE: i64 = 200;
/// Who did it, in the record of events.
const ACTOR: &str = "deletion";

/// A dataset that nothing is bound to, and what its project says about answers.
pub(super) struct Leaving {
    pub id: DatasetId,
    pub project_id: ProjectId,
    pub left_at: Option<DateTime<Utc>>,
    pub leave_from: Option<i64>,
    pub removing: bool,
    pub namespace: String,
    pub project_name: String,
    pub on_reject: String,
    pub max_rejections: i32,
    pub reward_points: i32,
}

/// Begins with a dataset that was unbound and nothing more.
pub(super) async fn begin(conn: &mut PgConnection, dataset: DatasetId) -> Result<Deletion> {
    sqlx::query!(
        "update datasets set left_at = clock_timestamp(), leave_from = 0 where id = $1 and bound_uid is null and left_at is null",
        dataset.0
    )
    .execute(conn)
    .await?;
    Ok(Deletion::Unfinished)
}

/// One step of the window that begins at row `from`. None when a resource took the rows over meanwhile: the
/// step must not be committed then.
pub(super) async fn window(
    conn: &mut PgConnection,
    going: &Leaving,
    (left_at, from): (DateTime<Utc>, i64),
    now: DateTime<Utc>,
) -> Result<Option<Deletion>> {
    let to = from.saturating_add(STEP_ROWS);
    let tasks = take_out(conn, going.id, from, to).await?;
    if end_leases(conn, &tasks, now).await? || close_reviews(conn, going, &tasks, now).await? {
        return Ok(Some(Deletion::Unfinished));
    }
    let credited = credit(conn, &tasks).await?;
    let more = is_there(conn, going.id, to).await?;
    let moved = sqlx::query!(
        "update datasets set leave_from = case when $4 then $5::bigint end, updated_at = now()
         where id = $1 and bound_uid is null and left_at = $2 and leave_from = $3",
        going.id.0,
        left_at,
        from,
        more,
        to
    )
    .execute(&mut *conn)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query!(
        "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
        going.project_id.0,
        credited
    )
    .execute(&mut *conn)
    .await?;
    if more {
        return Ok(Some(Deletion::Unfinished));
    }
    has_left(conn, going).await?;
    Ok(Some(match going.removing {
        true => Deletion::Unfinished,
        false => Deletion::Done,
    }))
}

/// Locks the tasks of one window, and takes them out of the queue.
async fn take_out(
    conn: &mut PgConnection,
    dataset: DatasetId,
    from: i64,
    to: i64,
) -> Result<Vec<i64>> {
    let tasks = sqlx::query!(
        "select id from tasks where dataset_id = $1 and row_no >= $2 and row_no < $3 order by id for update",
        dataset.0,
        from,
        to
    )
    .fetch_all(&mut *conn)
    .await?;
    let tasks: Vec<_> = tasks.into_iter().map(|t| t.id).collect();
    sqlx::query!(
        "update tasks set queue_pos = null where id = any($1) and queue_pos is not null",
        &tasks
    )
    .execute(conn)
    .await?;
    Ok(tasks)
}

/// What follows from the last window.
async fn has_left(conn: &mut PgConnection, going: &Leaving) -> Result<()> {
    settle_state(conn, going.project_id).await?;
    // Whatever waits for quota may go on with what came back.
    outbox::billing_changed(conn, &going.namespace, &going.project_name).await?;
    events::record(
        conn,
        "dataset.left",
        &going.id.to_string(),
        ACTOR,
        json!({}),
    )
    .await
}

/// Ends the leases of one batch's tasks. False when nobody holds any of them.
async fn end_leases(conn: &mut PgConnection, tasks: &[i64], now: DateTime<Utc>) -> Result<bool> {
    let held = sqlx::query!(
        "select l.task_id, l.user_id, t.batch_id from leases l join tasks t on t.id = l.task_id
         where l.task_id = any($1) order by t.batch_id, l.task_id limit $2",
        tasks,
        STEP_PEOPLE
    )
    .fetch_all(&mut *conn)
    .await?;
    let Some(batch) = held.first().map(|lease| lease.batch_id) else {
        return Ok(false);
    };
    for lease in held.iter().filter(|lease| lease.batch_id == batch) {
        sqlx::query!(
            "delete from leases where task_id = $1 and user_id = $2",
            lease.task_id,
            lease.user_id
        )
        .execute(&mut *conn)
        .await?;
        lease_ended(conn, TaskId(lease.task_id), ACTOR, now).await?;
    }
    Ok(true)
}

/// Takes back what was spent on tasks without an answer, places that they grew by included; the judgements that are free again. With the tasks
/// locked, without leases and out of the queue, nobody can answer one meanwhile.
async fn credit(conn: &mut PgConnection, tasks: &[i64]) -> Result<i64> {
    let credited = sqlx::query!(
        "with credited as (
             update tasks t set charged = false, slots = least(o.slots, p.answers_per_task), slots_free = least(o.slots_free, p.answers_per_task)
             from tasks o join projects p on p.id = o.project_id
             where t.id = any($1) and o.id = t.id and t.charged
               and not exists (select from answers a where a.task_id = t.id and a.status <> 'withdrawn')
             returning t.id, o.slots),
         -- Of an inbox: people are asked again once it is applied again.
         again as (update inbox_items i set look_at = i.created_at from credited c where i.task_id = c.id)
         select coalesce(sum(slots), 0)::bigint as \"judgements!\" from credited",
        tasks
    )
    .fetch_one(conn)
    .await?;
    Ok(credited.judgements)
}
