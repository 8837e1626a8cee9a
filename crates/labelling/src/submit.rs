//! Submitting: one statement ends the lease, one stores the answer; a repeated submit finds it again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{AnswerId, LeaseToken, TaskId, UserId},
    labeling::Labeling,
    raw::RawJson,
};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{
    Error, Labelling, Refusal, Result, events, points,
    tasks::lost,
    transition::{TaskChange, task_changed},
    validate_answer,
};

/// An answer as a worker gives it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct NewAnswer {
    pub user: UserId,
    pub task: TaskId,
    pub lease_token: LeaseToken,
    pub answer: RawJson,
    pub active_millis: Option<i64>,
}

/// An accepted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The answer.
    pub answer_id: AnswerId,
    /// `in_review` or `approved`.
    pub status: String,
    /// Points it will bring, or has brought.
    pub points: i32,
    /// True when this very submit was accepted before.
    pub repeated: bool,
}

impl Labelling {
    /// Ends the lease and stores the answer, or finds the answer that this lease gave before.
    ///
    /// # Errors
    /// `invalid_answer` per field (the lease stays), `lease_lost`; or the database failed.
    pub async fn task_submit(&self, new: &NewAnswer, now: DateTime<Utc>) -> Result<Submitted> {
        let mut tx = self.pool.begin().await?;
        let task = sqlx::query!(
            "select project_id, dataset_id, batch_id, status as \"status!\" from tasks where id = $1 for update",
            new.task.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::LeaseLost)?;
        if let Some(known) = submitted_before(&mut tx, new).await? {
            return Ok(known);
        }
        let Some(held) = lease_end(&mut tx, new).await? else {
            return Err(lost(&mut tx, new.user, new.task).await?.into());
        };
        let labeling: Labeling = serde_json::from_value(held.labeling)
            .map_err(|_| Error::Corrupt { what: "labeling" })?;
        let details = validate_answer(&labeling, &new.answer);
        if !details.is_empty() {
            return Err(Refusal::InvalidAnswer { details }.into());
        }
        let approved = held.reviewers_needed == 0;
        let status = if approved { "approved" } else { "in_review" };
        let row = sqlx::query!(
            "insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, active_millis,
                                  claimed_at, submitted_at, decided_at, reward_points, lease_ends_at)
             values ($1, $2, $3, $4, $5, ($6::text)::jsonb, $7, $8, $9, $10, $11, case when $7::text = 'approved' then $11::timestamptz end, $12, $13) returning id",
            new.task.0,
            task.project_id,
            new.user.0,
            new.lease_token.0,
            held.labeling_version,
            new.answer.get(),
            status,
            held.reviewers_needed,
            new.active_millis,
            held.locked_at,
            now,
            held.reward_points,
            held.ends_at
        )
        .fetch_one(&mut *tx)
        .await?;
        let after = sqlx::query!(
            "update tasks set leased = leased - 1, in_review = in_review + $2, approved = approved + $3 where id = $1 returning status as \"status!\"",
            new.task.0,
            i16::from(!approved),
            i16::from(approved)
        )
        .fetch_one(&mut *tx)
        .await?;
        let actor = new.user.to_string();
        events::record(
            &mut tx,
            "answer.submitted",
            &row.id.to_string(),
            &actor,
            serde_json::json!({"task": new.task, "status": status}),
        )
        .await?;
        if approved {
            let answer = points::ApprovedAnswer {
                project: task.project_id,
                dataset: task.dataset_id,
                task: new.task.0,
                answer: row.id,
                user: new.user.0,
                points: held.reward_points,
            };
            points::approve(&mut tx, &answer, now).await?;
        }
        let change = TaskChange {
            task: new.task.0,
            batch: task.batch_id,
            before: task.status,
            after: after.status,
        };
        task_changed(&mut tx, &change, &actor, now).await?;
        tx.commit().await?;
        Ok(Submitted {
            answer_id: AnswerId(row.id),
            status: status.into(),
            points: held.reward_points,
            repeated: false,
        })
    }
}

/// The answer that this lease gave before.
async fn submitted_before(conn: &mut PgConnection, new: &NewAnswer) -> Result<Option<Submitted>> {
    let known = sqlx::query!(
        "select a.id, a.answer = ($4::text)::jsonb as \"same!\", a.status, coalesce(a.reward_points, p.reward_points) as \"reward_points!\"
         from answers a join projects p on p.id = a.project_id where a.lease_token = $1 and a.user_id = $2 and a.task_id = $3",
        new.lease_token.0,
        new.user.0,
        new.task.0,
        new.answer.get()
    )
    .fetch_optional(conn)
    .await?;
    let Some(known) = known else { return Ok(None) };
    if !known.same || known.status == "withdrawn" {
        return Err(Refusal::LeaseLost.into());
    }
    Ok(Some(Submitted {
        answer_id: AnswerId(known.id),
        status: known.status,
        points: known.reward_points,
        repeated: true,
    }))
}

/// A lease that has just ended, and what was promised with it.
struct Ended {
    locked_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    labeling_version: i32,
    labeling: Value,
    reward_points: i32,
    reviewers_needed: i16,
}

/// Ends the lease under which somebody submits, if it is theirs. Only the lease tells what goes with the answer; one
/// that the release before took promises what the project says now.
async fn lease_end(conn: &mut PgConnection, new: &NewAnswer) -> Result<Option<Ended>> {
    let ended = sqlx::query_as!(
        Ended,
        "delete from leases h using tasks t, projects p, labeling_versions v
         where h.task_id = $1 and h.user_id = $2 and h.token = $3 and t.id = h.task_id and p.id = h.project_id
           and v.project_id = p.id and v.version = coalesce(h.labeling_version, t.labeling_version)
         returning h.locked_at, h.ends_at, v.version as labeling_version, v.labeling, coalesce(h.reward_points, p.reward_points) as \"reward_points!\",
                   coalesce(h.reviewers_needed, p.reviewers_count)::smallint as \"reviewers_needed!\"",
        new.task.0,
        new.user.0,
        new.lease_token.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended)
}

/// Lets approvals of one project pass together, and a watermark wait until none is under way.
pub(crate) async fn approval_lock_shared(
    conn: &mut PgConnection,
    project: uuid::Uuid,
) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 1))",
        project
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
