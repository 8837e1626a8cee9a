//! Points as their owner reads them; [approvals](crate::approvals) post them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, ProjectId, UserId};

use crate::{Labelling, Page, Result};

/// One posting.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
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
        .fetch_one(&self.calls)
        .await?;
        let rows = sqlx::query!(
            "select id, answer_id, project_id, points, created_at from points_ledger
             where user_id = $1 and ($4::uuid is null or project_id = $4) and id < $2 order by id desc limit $3",
            user.0,
            before.unwrap_or(i64::MAX),
            limit + 1,
            project.map(|p| p.0)
        )
        .fetch_all(&self.calls)
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
