//! Submitting: one statement ends the lease, one stores the answer; a repeated submit finds it again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{AnswerId, LeaseToken, TaskId, UserId},
    labeling::Labeling,
};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::{
    Error, Labelling, Refusal, Result, events, points,
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
    pub answer: Map<String, Value>,
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
        let answer = Value::Object(new.answer.clone());
        let task = sqlx::query!(
            "select t.project_id, t.dataset_id, t.batch_id, t.labeling_version, t.status as \"status!\", l.labeling, p.reviewers_count, p.reward_points,
                    exists (select from project_workers w where w.project_id = p.id and w.user_id = $2 and w.standing = 'blocked') as \"blocked!\"
             from tasks t join projects p on p.id = t.project_id
             join labeling_versions l on l.project_id = t.project_id and l.version = t.labeling_version
             where t.id = $1 for update of t",
            new.task.0,
            new.user.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::LeaseLost)?;
        let known = sqlx::query!("select id, answer, status from answers where lease_token = $1 and user_id = $2 and task_id = $3", new.lease_token.0, new.user.0, new.task.0)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(known) = known {
            if known.answer != answer || known.status == "withdrawn" {
                return Err(Refusal::LeaseLost.into());
            }
            return Ok(Submitted {
                answer_id: AnswerId(known.id),
                status: known.status,
                points: task.reward_points,
                repeated: true,
            });
        }
        if task.blocked {
            return Err(Refusal::LeaseLost.into());
        }
        let labeling: Labeling = serde_json::from_value(task.labeling)
            .map_err(|_| Error::Corrupt { what: "labeling" })?;
        let held = sqlx::query!("delete from leases where task_id = $1 and user_id = $2 and token = $3 returning locked_at", new.task.0, new.user.0, new.lease_token.0)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Refusal::LeaseLost)?;
        let details = validate_answer(&labeling, &new.answer);
        if !details.is_empty() {
            return Err(Refusal::InvalidAnswer { details }.into());
        }
        let approved = task.reviewers_count == 0;
        let status = if approved { "approved" } else { "in_review" };
        let row = sqlx::query!(
            "insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, active_millis,
                                  claimed_at, submitted_at, decided_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case when $7::text = 'approved' then $11::timestamptz end) returning id",
            new.task.0,
            task.project_id,
            new.user.0,
            new.lease_token.0,
            task.labeling_version,
            answer,
            status,
            i16::try_from(task.reviewers_count).unwrap_or(0),
            new.active_millis,
            held.locked_at,
            now
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
                points: task.reward_points,
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
            points: task.reward_points,
            repeated: false,
        })
    }
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
