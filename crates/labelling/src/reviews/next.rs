//! What waits for a reviewer.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{AnswerId, BatchId, DatasetId, ProjectId, TaskId, UserId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Refusal, Result, Task};

/// How long an answer is shown to one reviewer only, in seconds.
const REVIEW_LEASE_SECONDS: i64 = 300;

/// An earlier decision on the same task.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct PreviousDecision {
    pub decision: String,
    pub comment: String,
    pub at: DateTime<Utc>,
}

/// An answer that waits for this reviewer.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct ReviewCandidate {
    pub answer_id: AnswerId,
    pub task: Task,
    pub answer: Value,
    pub submitted_at: DateTime<Utc>,
    pub previous: Vec<PreviousDecision>,
}

impl Labelling {
    /// The oldest answers that this reviewer may decide on; with `hold`, others are shown different ones meanwhile.
    ///
    /// # Errors
    /// `no_review_available`; or the database failed.
    pub async fn review_next(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        count: i64,
        hold: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<ReviewCandidate>> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "delete from review_leases where user_id = $1 and expires_at < $2",
            user.0,
            now
        )
        .execute(&mut *tx)
        .await?;
        let mut rows = pick(&mut tx, user, project, count, now).await?;
        if rows.is_empty() {
            // Whoever holds the last ones may not want them, or just have been refused.
            rows = pick_waiting(&mut tx, user, project, now).await?;
        }
        if rows.is_empty() {
            return Err(Refusal::NoReviewAvailable.into());
        }
        let mut found = Vec::with_capacity(rows.len());
        for r in rows {
            if hold {
                sqlx::query!(
                    "insert into review_leases (answer_id, user_id, expires_at) values ($1, $2, $3)
                     on conflict (answer_id, user_id) do update set expires_at = excluded.expires_at",
                    r.answer_id,
                    user.0,
                    now + TimeDelta::seconds(REVIEW_LEASE_SECONDS)
                )
                .execute(&mut *tx)
                .await?;
            }
            let task = Task {
                id: TaskId(r.id),
                project: ProjectId(r.project_id),
                dataset: DatasetId(r.dataset_id),
                batch: BatchId(r.batch_id),
                status: r.status,
                labeling_version: r.labeling_version,
                payload: r.payload,
                lease: None,
            };
            let previous = previous_decisions(&mut tx, r.id).await?;
            found.push(ReviewCandidate {
                answer_id: AnswerId(r.answer_id),
                task,
                answer: r.answer,
                submitted_at: r.submitted_at,
                previous,
            });
        }
        tx.commit().await?;
        Ok(found)
    }
}

/// A row of what waits for this reviewer.
struct Waiting {
    answer_id: i64,
    answer: Value,
    submitted_at: DateTime<Utc>,
    id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    status: String,
    labeling_version: i32,
    payload: Value,
}

/// Answers that this reviewer may decide on, with the end of the statement.
macro_rules! waiting {
    ($end:literal, $user:expr, $project:expr, $now:expr, $count:expr) => {
        sqlx::query_as!(
            Waiting,
            "select a.id as answer_id, a.answer, a.submitted_at, t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", a.labeling_version, t.payload
             from answers a join tasks t on t.id = a.task_id join projects p on p.id = a.project_id
             left join project_workers w on w.project_id = p.id and w.user_id = $1
             where a.status = 'in_review' and ($2::uuid is null or a.project_id = $2)
               and p.bound_uid is not null and p.state in ('active', 'completed', 'closed')
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
               and not exists (select from answers o where o.task_id = a.task_id and o.user_id = $1)
               and not exists (select from reviews r where r.answer_id = a.id and r.user_id = $1)
               and (select count(*) from review_leases l where l.answer_id = a.id and l.user_id <> $1 and l.expires_at >= $3)
                   < a.reviewers_needed - a.approvals - a.rejections
             order by exists (select from review_leases l where l.answer_id = a.id and l.user_id = $1) desc, a.id
             limit $4 for update of a" + $end,
            $user.0,
            $project.map(|p: ProjectId| p.0),
            $now,
            $count
        )
    };
}

async fn pick(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
    count: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    let free = waiting!(" skip locked", user, project, now, count);
    Ok(free.fetch_all(conn).await?)
}

/// The first answer that still waits when whoever holds it has let go.
async fn pick_waiting(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    let any = waiting!("", user, project, now, 1_i64);
    Ok(any.fetch_all(conn).await?)
}

async fn previous_decisions(conn: &mut PgConnection, task: i64) -> Result<Vec<PreviousDecision>> {
    let rows = sqlx::query!(
        "select r.decision, r.comment, r.created_at from reviews r join answers a on a.id = r.answer_id where a.task_id = $1 order by r.id limit 20",
        task
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| PreviousDecision {
            decision: r.decision,
            comment: r.comment,
            at: r.created_at,
        })
        .collect())
}
