//! A decision, and what the majority makes of the answer and its task.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, UserId};
use sqlx::PgConnection;

use super::{Decision, Reviewed, status_after};
use crate::{
    Error, Labelling, Refusal, Result, audit,
    crowd::standing::admit,
    error::constraint,
    events, points,
    transition::{TaskChange, task_changed},
};

impl Labelling {
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
        // The task is locked before the answer, as everywhere; and before anything is read that goes with it, or
        // what was read could be older than the lock.
        sqlx::query!(
            "select id from tasks where id = (select task_id from answers where id = $1) for update",
            answer.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let t = sqlx::query!(
            "select t.id, t.batch_id, t.dataset_id, t.status as \"status!\", p.id as project_id, p.reward_points, p.on_reject, p.max_rejections, p.state as project_state,
                    d.bound_uid is not null as \"queued!\"
             from tasks t join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id left join project_workers w on w.project_id = p.id and w.user_id = $2
             where t.id = (select task_id from answers where id = $1) and p.bound_uid is not null
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
             for update of t",
            answer.0,
            user.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        admit(&mut tx, t.project_id, user).await?;
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
            .map_err(|e| if constraint(&e) == Some("reviews_once") { Refusal::AlreadyReviewed.into() } else { Error::from(e) })?;
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
        let subject = answer.to_string();
        audit::record(&mut tx, user, "answer.review", &subject, details).await?;
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
            "rejected" => {
                let reopens = t.on_reject == "requeue" && t.project_state != "closed";
                let (after, slots_delta) =
                    reject_slot(&mut tx, t.id, reopens, t.queued, t.max_rejections).await?;
                sqlx::query!(
                    "update reviews set slots_delta = $3 where answer_id = $1 and user_id = $2",
                    answer.0,
                    user.0,
                    slots_delta
                )
                .execute(&mut *tx)
                .await?;
                Some(after)
            }
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
/// With the task's new status comes how many places that gave it, or took.
pub(crate) async fn reject_slot(
    conn: &mut PgConnection,
    task: i64,
    reopens: bool,
    queued: bool,
    max_rejections: i32,
) -> Result<(String, i16)> {
    let row = sqlx::query!(
        "update tasks t set in_review = t.in_review - 1, rejections = t.rejections + 1,
                slots_free = case when t.rejections + 1 >= $3 then 0 when $2 then t.slots_free + 1 else t.slots_free end,
                queue_pos = case when t.rejections + 1 >= $3 then null when $2 and $4 then nextval('task_queue_pos') else t.queue_pos end
         from tasks old where t.id = $1 and old.id = t.id
         returning t.status as \"status!\", t.slots_free - old.slots_free as \"slots_delta!\"",
        task,
        reopens,
        max_rejections,
        queued
    )
    .fetch_one(conn)
    .await?;
    Ok((row.status, row.slots_delta))
}
