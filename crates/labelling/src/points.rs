//! Points: posted once per approval, in the transaction that approves.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, ProjectId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Page, Result, submit::approval_lock_shared};

/// An answer that is being approved.
pub(crate) struct ApprovedAnswer {
    pub project: Uuid,
    pub dataset: Uuid,
    pub task: i64,
    pub answer: i64,
    pub user: Uuid,
    pub points: i32,
}

/// Appends the approval and its points.
pub(crate) async fn approve(
    conn: &mut PgConnection,
    a: &ApprovedAnswer,
    now: DateTime<Utc>,
) -> Result<()> {
    approval_lock_shared(conn, a.project).await?;
    let event = sqlx::query!(
        "insert into approval_events (project_id, dataset_id, task_id, answer_id, kind, created_at) values ($1, $2, $3, $4, 'approved', $5) returning seq",
        a.project,
        a.dataset,
        a.task,
        a.answer,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    if a.points > 0 {
        sqlx::query!(
            "insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at) values ($1, $2, $3, $4, $5, $6)",
            a.user,
            a.project,
            a.answer,
            event.seq,
            a.points,
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Takes an answer's approval back, and its points when `points` says so; the points that went with it.
pub(crate) async fn revoke(
    conn: &mut PgConnection,
    project: Uuid,
    answer: i64,
    points: bool,
    now: DateTime<Utc>,
) -> Result<i32> {
    approval_lock_shared(conn, project).await?;
    let posted = sqlx::query!(
        "with revoked as (
             insert into approval_events (project_id, dataset_id, task_id, answer_id, kind, revokes, created_at)
             select e.project_id, e.dataset_id, e.task_id, e.answer_id, 'revoked', e.seq, $2 from approval_events e
             where e.answer_id = $1 and e.kind = 'approved' order by e.seq desc limit 1
             returning seq, revokes)
         insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
         select l.user_id, l.project_id, l.answer_id, r.seq, -l.points, $2 from revoked r join points_ledger l on l.approval_seq = r.revokes and $3
         returning points",
        answer,
        now,
        points
    )
    .fetch_optional(conn)
    .await?;
    Ok(posted.map_or(0, |p| -p.points))
}

/// One posting.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct PointsEntry {
    pub id: i64,
    pub answer: AnswerId,
    pub project: ProjectId,
    pub points: i32,
    pub at: DateTime<Utc>,
}

/// A worker's balance and postings.
#[derive(Debug, Clone)]
pub struct Points {
    /// Sum of all postings, of one project when one was named.
    pub balance: i64,
    /// Newest first.
    pub page: Page<PointsEntry, i64>,
}

impl Labelling {
    /// Balance and history of a worker, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn points(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Points> {
        let balance = sqlx::query!(
            "select coalesce(sum(points), 0)::bigint as \"n!\" from points_ledger where user_id = $1 and ($2::uuid is null or project_id = $2)",
            user.0,
            project.map(|p| p.0)
        )
        .fetch_one(&self.pool)
        .await?;
        let rows = sqlx::query!(
            "select id, answer_id, project_id, points, created_at from points_ledger
             where user_id = $1 and ($4::uuid is null or project_id = $4) and id < $2 order by id desc limit $3",
            user.0,
            before.unwrap_or(i64::MAX),
            limit + 1,
            project.map(|p| p.0)
        )
        .fetch_all(&self.pool)
        .await?;
        let items = rows
            .into_iter()
            .map(|r| PointsEntry {
                id: r.id,
                answer: AnswerId(r.answer_id),
                project: ProjectId(r.project_id),
                points: r.points,
                at: r.created_at,
            })
            .collect();
        Ok(Points {
            balance: balance.n,
            page: Page::cut(items, limit, |e| e.id),
        })
    }
}
