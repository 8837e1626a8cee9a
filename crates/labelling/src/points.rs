//! Points: posted once per approval, in the transaction that approves.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, ProjectId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Result, submit::approval_lock_shared};

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

/// A worker's balance and latest postings.
#[derive(Debug, Clone)]
pub struct PointsPage {
    /// Sum of all postings.
    pub balance: i64,
    /// Newest first.
    pub items: Vec<PointsEntry>,
    /// Where the next page begins.
    pub next: Option<i64>,
}

impl Labelling {
    /// Balance and history of a worker, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn points(
        &self,
        user: UserId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<PointsPage> {
        let balance = sqlx::query!("select coalesce(sum(points), 0)::bigint as \"n!\" from points_ledger where user_id = $1", user.0).fetch_one(&self.pool).await?;
        let rows = sqlx::query!(
            "select id, answer_id, project_id, points, created_at from points_ledger where user_id = $1 and id < $2 order by id desc limit $3",
            user.0,
            before.unwrap_or(i64::MAX),
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let mut items: Vec<_> = rows
            .into_iter()
            .map(|r| PointsEntry {
                id: r.id,
                answer: AnswerId(r.answer_id),
                project: ProjectId(r.project_id),
                points: r.points,
                at: r.created_at,
            })
            .collect();
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(|e| e.id);
        Ok(PointsPage {
            balance: balance.n,
            items,
            next,
        })
    }
}
