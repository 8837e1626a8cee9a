//! Approvals and the points that go with them: append-only, under a lock per project that a watermark waits for.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, DatasetId, ProjectId, TaskId, UserId};
use sqlx::PgConnection;

use crate::Result;

/// An answer that is being approved.
pub(crate) struct ApprovedAnswer {
    pub project: ProjectId,
    pub dataset: DatasetId,
    pub task: TaskId,
    pub answer: AnswerId,
    pub author: UserId,
    pub points: i32,
}

/// Appends the approval and its points.
pub(crate) async fn approve(
    conn: &mut PgConnection,
    a: &ApprovedAnswer,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "select answer_approve_v1($1, $2, $3, $4, $5, $6, $7)",
        a.project.0,
        a.dataset.0,
        a.task.0,
        a.answer.0,
        a.author.0,
        a.points,
        now
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Takes an answer's approval back, and its points when `points` says so; the points that went with it.
pub(crate) async fn revoke(
    conn: &mut PgConnection,
    project: ProjectId,
    answer: AnswerId,
    points: bool,
    now: DateTime<Utc>,
) -> Result<i32> {
    lock_shared(conn, project).await?;
    let posted = sqlx::query!(
        "with revoked as (
             insert into approval_events (project_id, dataset_id, task_id, answer_id, kind, revokes, created_at)
             select e.project_id, e.dataset_id, e.task_id, e.answer_id, 'revoked', e.seq, $2 from approval_events e
             where e.answer_id = $1 and e.kind = 'approved' order by e.seq desc limit 1
             returning seq, revokes)
         insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
         select l.user_id, l.project_id, l.answer_id, r.seq, -l.points, $2 from revoked r join points_ledger l on l.approval_seq = r.revokes and $3
         returning points",
        answer.0,
        now,
        points
    )
    .fetch_optional(conn)
    .await?;
    Ok(posted.map_or(0, |p| -p.points))
}

/// Lets approvals of one project pass together, and a watermark wait until none is under way.
pub(crate) async fn lock_shared(conn: &mut PgConnection, project: ProjectId) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 1))",
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// The largest number of an approval or a decision, once no earlier one can still appear: both are numbered from one
/// sequence, and hold the lock shared until they commit.
pub(crate) async fn take_watermark(conn: &mut PgConnection, project: ProjectId) -> Result<i64> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 1))",
        project.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "select greatest((select max(seq) from approval_events where project_id = $1),
                         (select max(seq) from decisions where project_id = $1), 0) as \"seq!\"",
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(row.seq)
}
