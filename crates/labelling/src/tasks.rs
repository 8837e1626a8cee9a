//! Work for people: what to do next, leases, and giving back.

mod claim;
mod leases;
mod media;
mod nothing;
mod status;
mod turn;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    ids::{BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId},
    raw::RawJson,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

pub use media::Media;
pub(crate) use turn::{MAX_LEASES, lost, take_turn};

use crate::{
    Result, events,
    transition::{TaskChange, task_changed},
};

/// How many times `lockSeconds` a lease lives, however often it is renewed.
pub(crate) const LEASE_LIVES: i32 = 12;

/// A lease: fenced by its token, ended by the sweeper.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct Lease {
    pub token: LeaseToken,
    pub expires_at: DateTime<Utc>,
    /// Points that an approved answer brings: fixed when the task was taken.
    pub reward_points: i32,
}

/// When a lease that begins now ends: unless it is renewed, and in any case.
pub(crate) fn lease_ends(now: DateTime<Utc>, lock_seconds: i32) -> (DateTime<Utc>, DateTime<Utc>) {
    let once = TimeDelta::seconds(lock_seconds.into());
    (now + once, now + once * LEASE_LIVES)
}

/// A task as a worker sees it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct Task {
    pub id: TaskId,
    pub project: ProjectId,
    pub dataset: DatasetId,
    pub batch: BatchId,
    pub status: String,
    pub labeling_version: i32,
    pub payload: RawJson,
    pub lease: Option<Lease>,
}

/// The part of a project that a claim needs.
struct Workplace {
    id: Uuid,
    labeling_version: i32,
    reward_points: i32,
    reviewers_needed: i16,
    lock_seconds: i32,
    queue_floor: i64,
    cursor: Option<i64>,
}

macro_rules! task {
    ($r:expr, $lease:expr) => {
        Task {
            id: TaskId($r.id),
            project: ProjectId($r.project_id),
            dataset: DatasetId($r.dataset_id),
            batch: BatchId($r.batch_id),
            status: $r.status,
            labeling_version: $r.labeling_version,
            payload: $r.payload.0,
            lease: $lease,
        }
    };
}
use task;

/// Projects where this worker may work, the one they were in longest ago first.
async fn workplaces(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
) -> Result<Vec<Workplace>> {
    let rows = sqlx::query!(
        "select p.id, p.labeling_version, p.reward_points, p.reviewers_count::smallint as \"reviewers_needed!\", p.lock_seconds, p.queue_floor, c.queue_pos as \"cursor?\"
         from projects p
         left join worker_cursors c on c.project_id = p.id and c.user_id = $1
         left join project_workers w on w.project_id = p.id and w.user_id = $1
         where ($2::uuid is null or p.id = $2) and p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0
           and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
           and ($2 is not null or exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null))
         order by c.claimed_at nulls first limit 50",
        user.0,
        project.map(|p| p.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Workplace {
            id: r.id,
            labeling_version: r.labeling_version,
            reward_points: r.reward_points,
            reviewers_needed: r.reviewers_needed,
            lock_seconds: r.lock_seconds,
            queue_floor: r.queue_floor,
            cursor: r.cursor,
        })
        .collect())
}

/// Leases tasks whose rows this transaction has locked. What the worker is told now goes with the lease, whatever
/// the project says later; a task that nobody holds or has answered takes the newest form.
async fn lease_tasks(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<Vec<Task>> {
    let (expires_at, ends_at) = lease_ends(now, place.lock_seconds);
    let rows = sqlx::query!(
        "with taken as (
             update tasks set slots_free = slots_free - 1, leased = leased + 1,
                    labeling_version = case when leased + in_review + approved + rejections = 0 then $3 else coalesce(labeling_version, $3) end,
                    queue_pos = case when slots_free = 1 then null else queue_pos end
             where id = any($1) and slots_free > 0
               and not exists (select from project_workers w where w.project_id = tasks.project_id and w.user_id = $2 and w.standing = 'blocked')
             returning id, project_id, dataset_id, batch_id, status, labeling_version, payload),
         leased as (
             insert into leases (task_id, user_id, project_id, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
             select id, $2, project_id, $4, $5, $6, labeling_version, $7, $8 from taken order by id
             returning task_id, token),
         begun as (
             update task_batches set status = 'in_progress' where id in (select batch_id from taken) and status = 'ready'),
         noted as (
             insert into events (kind, subject, actor) select 'task.locked', task_id::text, $2::uuid::text from leased)
         select t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", t.labeling_version as \"labeling_version!\", t.payload as \"payload: sqlx::types::Json<RawJson>\", l.token
         from taken t join leased l on l.task_id = t.id order by l.token",
        ids,
        user.0,
        place.labeling_version,
        now,
        expires_at,
        ends_at,
        place.reward_points,
        place.reviewers_needed
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Task {
            status: "locked".into(),
            ..task!(
                r,
                Some(Lease {
                    token: LeaseToken(r.token),
                    expires_at,
                    reward_points: place.reward_points,
                })
            )
        })
        .collect())
}

/// Who had the place that becomes free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freed {
    /// A worker who gave it back, or whose lease ended.
    Lease,
    /// An answer that waited for its decision.
    InReview,
    /// An approved answer.
    Approved,
}

/// What became of a task whose place was returned.
pub(crate) struct Returned {
    pub status: String,
    /// Whether the place is free for somebody else.
    pub reopened: bool,
}

/// A place becomes free again, under a new position, so that no cursor hides it; out of the queue when the
/// dataset was deleted. In a closed project nothing opens any more. Whoever calls has locked the task in
/// a statement before: what this one reads of the dataset would be older than the lock otherwise.
pub(crate) async fn return_slot(
    conn: &mut PgConnection,
    task: i64,
    freed: Freed,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Returned> {
    let row = sqlx::query!(
        "with old as (select id, status from tasks where id = $1 for update)
         update tasks t set leased = leased - $2, in_review = in_review - $3, approved = approved - $4,
                slots_free = slots_free + case when p.state = 'closed' then 0 else 1 end,
                queue_pos = case when p.state = 'closed' or d.bound_uid is null then t.queue_pos else nextval('task_queue_pos') end
         from old, projects p, datasets d where t.id = old.id and p.id = t.project_id and d.id = t.dataset_id
         returning t.batch_id, old.status as \"before!\", t.status as \"after!\", p.state <> 'closed' as \"reopened!\"",
        task,
        i16::from(freed == Freed::Lease),
        i16::from(freed == Freed::InReview),
        i16::from(freed == Freed::Approved)
    )
    .fetch_one(&mut *conn)
    .await?;
    events::record(conn, "task.returned", &task.to_string(), actor, json!({})).await?;
    let change = TaskChange {
        task,
        batch: row.batch_id,
        before: row.before,
        after: row.after.clone(),
    };
    task_changed(conn, &change, actor, now).await?;
    Ok(Returned {
        status: row.after,
        reopened: row.reopened,
    })
}
