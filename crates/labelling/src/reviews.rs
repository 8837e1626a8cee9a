//! Reviews: who may decide on an answer, and what a majority does to it.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{AnswerId, BatchId, DatasetId, ProjectId, TaskId, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{
    Labelling, Refusal, Result, Task, audit,
    error::constraint,
    events, points,
    transition::{TaskChange, task_changed},
};

/// How long an answer is shown to one reviewer only, in seconds.
const REVIEW_LEASE_SECONDS: i64 = 300;

/// A reviewer's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The answer is right.
    Approve {
        /// May be empty.
        comment: String,
    },
    /// The answer is wrong, and why.
    Reject {
        /// Never empty.
        comment: String,
    },
}

impl Decision {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Approve { comment } => ("approved", comment),
            Self::Reject { comment } => ("rejected", comment),
        }
    }
}

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

/// What a decision made of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The answer.
    pub answer_id: AnswerId,
    /// `in_review`, `approved` or `rejected`.
    pub status: String,
}

/// The answer's status after these votes: approved by a strict majority, rejected as soon as that is impossible.
fn status_after(needed: i16, approvals: i16, rejections: i16) -> &'static str {
    if approvals * 2 > needed {
        "approved"
    } else if rejections * 2 >= needed {
        "rejected"
    } else {
        "in_review"
    }
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
        let rows = sqlx::query!(
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
             limit $4 for update of a skip locked",
            user.0,
            project.map(|p| p.0),
            now,
            count
        )
        .fetch_all(&mut *tx)
        .await?;
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

    /// Counts a decision, and carries out what the majority says.
    ///
    /// # Errors
    /// `not_found`, `own_task`, `already_reviewed`, `already_decided`; or the database failed.
    pub async fn review_decide(
        &self,
        user: UserId,
        answer: AnswerId,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Reviewed> {
        let mut tx = self.pool.begin().await?;
        // The task is locked before the answer, as everywhere.
        let t = sqlx::query!(
            "select t.id, t.batch_id, t.dataset_id, t.status as \"status!\", p.id as project_id, p.reward_points, p.on_reject, p.max_rejections, p.state as project_state
             from tasks t join projects p on p.id = t.project_id left join project_workers w on w.project_id = p.id and w.user_id = $2
             where t.id = (select task_id from answers where id = $1) and p.bound_uid is not null
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
             for update of t",
            answer.0,
            user.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let own = sqlx::query!(
            "select exists (select from answers where task_id = $1 and user_id = $2) as \"own!\"",
            t.id,
            user.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if own.own {
            return Err(Refusal::OwnTask.into());
        }
        let a = sqlx::query!("select status, user_id, reviewers_needed, approvals, rejections from answers where id = $1 for update", answer.0)
            .fetch_one(&mut *tx)
            .await?;
        let (verdict, comment) = decision.parts();
        let mine = sqlx::query!(
            "select decision from reviews where answer_id = $1 and user_id = $2",
            answer.0,
            user.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if mine.is_some() {
            return Err(Refusal::AlreadyReviewed.into());
        }
        if a.status != "in_review" {
            return Err(Refusal::AlreadyDecided.into());
        }
        sqlx::query!("insert into reviews (answer_id, user_id, decision, comment, created_at) values ($1, $2, $3, $4, $5)", answer.0, user.0, verdict, comment, now)
            .execute(&mut *tx)
            .await
            .map_err(|e| if constraint(&e) == Some("reviews_once") { Refusal::AlreadyReviewed.into() } else { crate::Error::from(e) })?;
        sqlx::query!(
            "delete from review_leases where answer_id = $1 and user_id = $2",
            answer.0,
            user.0
        )
        .execute(&mut *tx)
        .await?;
        let approvals = a.approvals + i16::from(verdict == "approved");
        let rejections = a.rejections + i16::from(verdict == "rejected");
        let status = status_after(a.reviewers_needed, approvals, rejections);
        sqlx::query!(
            "update answers set approvals = $2, rejections = $3, status = $4, decided_at = case when $4 <> 'in_review' then $5::timestamptz end where id = $1",
            answer.0,
            approvals,
            rejections,
            status,
            now
        )
        .execute(&mut *tx)
        .await?;
        let actor = user.to_string();
        events::record(
            &mut tx,
            "answer.reviewed",
            &answer.to_string(),
            &actor,
            serde_json::json!({"decision": verdict, "status": status}),
        )
        .await?;
        let details = serde_json::json!({"decision": verdict, "status": status});
        audit::record(
            &mut tx,
            now,
            user.0,
            "answer.review",
            &answer.to_string(),
            details,
        )
        .await?;
        let after = match status {
            "approved" => {
                let approved = points::ApprovedAnswer {
                    project: t.project_id,
                    dataset: t.dataset_id,
                    task: t.id,
                    answer: answer.0,
                    user: a.user_id,
                    points: t.reward_points,
                };
                points::approve(&mut tx, &approved, now).await?;
                let row = sqlx::query!("update tasks set in_review = in_review - 1, approved = approved + 1 where id = $1 returning status as \"status!\"", t.id)
                    .fetch_one(&mut *tx)
                    .await?;
                Some(row.status)
            }
            "rejected" => Some(
                reject_slot(
                    &mut tx,
                    t.id,
                    t.on_reject == "requeue" && t.project_state != "closed",
                    t.max_rejections,
                )
                .await?,
            ),
            _ => None,
        };
        if let Some(after) = after {
            let change = TaskChange {
                task: t.id,
                batch: t.batch_id,
                before: t.status,
                after,
            };
            task_changed(&mut tx, &change, &actor, now).await?;
        }
        tx.commit().await?;
        Ok(Reviewed {
            answer_id: answer,
            status: status.into(),
        })
    }
}

/// The rejected answer's place opens again under a new position, until the task was rejected too often.
async fn reject_slot(
    conn: &mut PgConnection,
    task: i64,
    requeue: bool,
    max_rejections: i32,
) -> Result<String> {
    let row = sqlx::query!(
        "update tasks set in_review = in_review - 1, rejections = rejections + 1,
                slots_free = case when rejections + 1 >= $3 then 0 when $2 then slots_free + 1 else slots_free end,
                queue_pos = case when rejections + 1 >= $3 then null when $2 then nextval('task_queue_pos') else queue_pos end
         where id = $1 returning status as \"status!\"",
        task,
        requeue,
        max_rejections
    )
    .fetch_one(conn)
    .await?;
    Ok(row.status)
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

#[cfg(test)]
mod tests {
    use super::status_after;

    #[test]
    fn a_strict_majority_approves_and_an_impossible_one_rejects_at_once() {
        let table = [
            (1, 1, 0, "approved"),
            (1, 0, 1, "rejected"),
            (2, 1, 0, "in_review"),
            (2, 2, 0, "approved"),
            (2, 1, 1, "rejected"),
            (2, 0, 1, "rejected"),
            (3, 2, 0, "approved"),
            (3, 1, 1, "in_review"),
            (3, 1, 2, "rejected"),
            (5, 2, 2, "in_review"),
            (5, 3, 2, "approved"),
        ];
        for (needed, approvals, rejections, expected) in table {
            assert_eq!(
                status_after(needed, approvals, rejections),
                expected,
                "{needed} {approvals} {rejections}"
            );
        }
    }
}
