//! What a deleted dataset lets go of, window by window: places in the queue, leases, open reviews, and the
//! quota of what nobody answered.
//!
//! The dataset is unbound before the first window, and each window's tasks are locked before anything of them
//! is read: whoever had a task locked has let go, and whoever comes later sees that the dataset is unbound.
//! So nothing comes back behind a window that is done. What it must not do: take locks in another order than
//! task, answer, batch, dataset, project, or hold two batches at once (see [`task_state`](crate::task_state)).

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, DatasetId, ProjectId, TaskId, UserId},
    work::AnswerStatus,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::delete::{Deletion, STEP_ROWS};
use crate::{
    Result,
    approvals::{self, ApprovedAnswer},
    events, outbox,
    projects::{from_column, settle_state},
    task_state::{Cause, TaskEvent, apply, lease_ended},
};

/// Leases ended, or answers decided, in one transaction.
const STEP_PEOPLE: i64 = 200;
/// Who did it, in the record of events.
const ACTOR: &str = "deletion";

/// A dataset that nothing is bound to, and what its project says about answers.
pub(super) struct Leaving {
    pub id: Uuid,
    pub project_id: Uuid,
    pub left_at: Option<DateTime<Utc>>,
    pub leave_from: Option<i64>,
    pub removing: bool,
    pub namespace: String,
    pub project_name: String,
    pub on_reject: String,
    pub max_rejections: i32,
    pub reward_points: i32,
}

/// What becomes of an answer that still waits for reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Approved,
    Rejected,
    Withdrawn,
}

/// The votes that were cast decide, and a tie rejects, as everywhere. An answer that nobody looked at is
/// withdrawn: it costs its client nothing, and its author may answer again should the dataset come back.
fn closing(approvals: i16, rejections: i16) -> Closing {
    match (approvals, rejections) {
        (0, 0) => Closing::Withdrawn,
        (approvals, rejections) if approvals > rejections => Closing::Approved,
        _ => Closing::Rejected,
    }
}

/// Begins with a dataset that was unbound and nothing more.
pub(super) async fn begin(conn: &mut PgConnection, dataset: Uuid) -> Result<Deletion> {
    sqlx::query!(
        "update datasets set left_at = clock_timestamp(), leave_from = 0 where id = $1 and bound_uid is null and left_at is null",
        dataset
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
    let tasks = sqlx::query!(
        "select id from tasks where dataset_id = $1 and row_no >= $2 and row_no < $3 order by id for update",
        going.id,
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
    .execute(&mut *conn)
    .await?;
    if end_leases(conn, &tasks, now).await? || close_reviews(conn, going, &tasks, now).await? {
        return Ok(Some(Deletion::Unfinished));
    }
    let credited = credit(conn, &tasks).await?;
    let rest = sqlx::query!(
        "select exists (select from tasks where dataset_id = $1 and row_no >= $2) as \"more!\"",
        going.id,
        to
    )
    .fetch_one(&mut *conn)
    .await?;
    let moved = sqlx::query!(
        "update datasets set leave_from = case when $4 then $5::bigint end, updated_at = now()
         where id = $1 and bound_uid is null and left_at = $2 and leave_from = $3",
        going.id,
        left_at,
        from,
        rest.more,
        to
    )
    .execute(&mut *conn)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query!(
        "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
        going.project_id,
        credited
    )
    .execute(&mut *conn)
    .await?;
    if rest.more {
        return Ok(Some(Deletion::Unfinished));
    }
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
    .await?;
    Ok(Some(match going.removing {
        true => Deletion::Unfinished,
        false => Deletion::Done,
    }))
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

/// An answer that waits for reviewers.
struct Open {
    id: i64,
    task_id: i64,
    batch_id: i64,
    user_id: Uuid,
    approvals: i16,
    rejections: i16,
    reward_points: i32,
}

/// Decides or withdraws the open answers of one batch's tasks. False when there are none.
async fn close_reviews(
    conn: &mut PgConnection,
    going: &Leaving,
    tasks: &[i64],
    now: DateTime<Utc>,
) -> Result<bool> {
    let open = sqlx::query_as!(
        Open,
        "select a.id, a.task_id, t.batch_id, a.user_id, a.approvals, a.rejections, coalesce(a.reward_points, $3) as \"reward_points!\"
         from answers a join tasks t on t.id = a.task_id
         where a.task_id = any($1) and a.status = 'in_review' order by t.batch_id, a.task_id, a.id limit $2 for update of a",
        tasks,
        STEP_PEOPLE,
        going.reward_points
    )
    .fetch_all(&mut *conn)
    .await?;
    let Some(batch) = open.first().map(|answer| answer.batch_id) else {
        return Ok(false);
    };
    for answer in open.iter().filter(|answer| answer.batch_id == batch) {
        close(conn, going, answer, now).await?;
    }
    Ok(true)
}

async fn close(
    conn: &mut PgConnection,
    going: &Leaving,
    answer: &Open,
    now: DateTime<Utc>,
) -> Result<()> {
    let (status, event) = match closing(answer.approvals, answer.rejections) {
        Closing::Approved => (AnswerStatus::Approved, TaskEvent::Approved),
        Closing::Rejected => (
            AnswerStatus::Rejected,
            TaskEvent::Rejected {
                on_reject: from_column("what a rejection does", &going.on_reject)?,
                max_rejections: going.max_rejections,
            },
        ),
        Closing::Withdrawn => (
            AnswerStatus::Withdrawn,
            TaskEvent::Withdrawn { leased: false },
        ),
    };
    sqlx::query!(
        "with held as (delete from review_leases where answer_id = $1)
         update answers set status = $2, decided_at = $3 where id = $1",
        answer.id,
        status.column(),
        now
    )
    .execute(&mut *conn)
    .await?;
    let task = TaskId(answer.task_id);
    if status == AnswerStatus::Approved {
        let approved = ApprovedAnswer {
            project: ProjectId(going.project_id),
            dataset: DatasetId(going.id),
            task,
            answer: AnswerId(answer.id),
            author: UserId(answer.user_id),
            points: answer.reward_points,
        };
        approvals::approve(conn, &approved, now).await?;
    }
    let cause = Cause {
        kind: "answer.closed",
        subject: answer.id.to_string(),
        actor: ACTOR,
        data: json!({"task": task, "status": status.column()}),
    };
    let changed = apply(conn, task, event, &cause, now).await?;
    if status == AnswerStatus::Rejected {
        // The last reviewer's decision is what rejected it: undone one day, it takes back the place that opened.
        sqlx::query!(
            "update reviews set slots_delta = $2 where id = (select max(id) from reviews where answer_id = $1)",
            answer.id,
            changed.places_opened
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Takes back what was spent on tasks without an answer; the judgements that are free again. With the tasks
/// locked, without leases and out of the queue, nobody can answer one meanwhile.
async fn credit(conn: &mut PgConnection, tasks: &[i64]) -> Result<i64> {
    let credited = sqlx::query!(
        "with credited as (
             update tasks t set charged = false where t.id = any($1) and t.charged
               and not exists (select from answers a where a.task_id = t.id and a.status <> 'withdrawn')
             returning t.slots)
         select coalesce(sum(slots), 0)::bigint as \"judgements!\" from credited",
        tasks
    )
    .fetch_one(conn)
    .await?;
    Ok(credited.judgements)
}

#[cfg(test)]
mod tests {
    use super::{Closing, closing};

    #[test]
    fn the_votes_cast_decide_and_an_unseen_answer_is_withdrawn() {
        let table = [
            (0, 0, Closing::Withdrawn),
            (1, 0, Closing::Approved),
            (0, 1, Closing::Rejected),
            (1, 1, Closing::Rejected),
            (2, 1, Closing::Approved),
            (1, 2, Closing::Rejected),
        ];
        for (approvals, rejections, expected) in table {
            assert_eq!(
                closing(approvals, rejections),
                expected,
                "{approvals} {rejections}"
            );
        }
    }
}
