//! A decision, and what the majority makes of the answer and its task.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Decision, Reviewed, status_after};
use crate::{
    Error, Labelling, Refusal, Result, audit,
    crowd::standing::{admit_lock, kept_out},
    error::constraint,
    events, points,
    tasks::take_turn,
    transition::{TaskChange, task_changed},
};

impl Labelling {
    /// Counts a decision, and carries out what the majority says.
    ///
    /// # Errors
    /// `not_found`, `blocked`, `own_project`, `own_task`, `already_reviewed`, `already_decided`; or the database failed.
    pub async fn review_decide(
        &self,
        user: UserId,
        answer: AnswerId,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Reviewed> {
        let mut tx = self.pool.begin().await?;
        take_turn(&mut tx, user).await?;
        let t = judged(&mut tx, user, answer).await?;
        let (verdict, comment) = decision.parts();
        sqlx::query!("insert into reviews (answer_id, user_id, decision, comment, created_at) values ($1, $2, $3, $4, $5)", answer.0, user.0, verdict, comment, now)
            .execute(&mut *tx)
            .await
            .map_err(|e| if constraint(&e) == Some("reviews_once") { Refusal::AlreadyReviewed.into() } else { Error::from(e) })?;
        // Who decides has seen the answer, however they came by its number.
        sqlx::query!(
            "with done as (delete from review_leases where answer_id = $1 and user_id = $2)
             insert into shown_tasks (task_id, user_id, shown_at) values ($3, $2, $4) on conflict (task_id, user_id) do nothing",
            answer.0,
            user.0,
            t.id,
            now
        )
        .execute(&mut *tx)
        .await?;
        let approvals = t.approvals + i16::from(verdict == "approved");
        let rejections = t.rejections + i16::from(verdict == "rejected");
        let status = status_after(t.reviewers_needed, approvals, rejections);
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
                    user: t.author,
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

/// An answer that somebody may decide on, its task, and what its project says.
struct Judged {
    id: i64,
    batch_id: i64,
    dataset_id: Uuid,
    project_id: Uuid,
    status: String,
    reward_points: i32,
    on_reject: String,
    max_rejections: i32,
    project_state: String,
    queued: bool,
    author: Uuid,
    reviewers_needed: i16,
    approvals: i16,
    rejections: i16,
}

/// Locks the answer's task and refuses whoever may not decide on it. Everything is read after the task is locked and
/// the worker admitted: what a join read before it waited is old. Nobody changes an answer without its task's lock.
async fn judged(conn: &mut PgConnection, user: UserId, answer: AnswerId) -> Result<Judged> {
    let task = sqlx::query!(
        "select id, project_id from tasks where id = (select task_id from answers where id = $1) for update",
        answer.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    admit_lock(conn, task.project_id, user).await?;
    let t = sqlx::query!(
        "select t.id, t.batch_id, t.dataset_id, t.project_id, t.status as \"status!\", coalesce(a.reward_points, p.reward_points) as \"reward_points!\",
                p.on_reject, p.max_rejections, p.state as project_state, d.bound_uid is not null as \"queued!\",
                a.user_id as author, a.status as answer_status, a.reviewers_needed, a.approvals, a.rejections,
                p.bound_uid is not null and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member' as \"admitted!\",
                exists (select from tenant_members m where m.user_id = $2 and m.tenant_id = p.tenant_id) as \"owns!\",
                exists (select from answers o where o.task_id = t.id and o.user_id = $2)
                    or exists (select from leases h where h.task_id = t.id and h.user_id = $2) as \"own!\",
                exists (select from reviews r where r.answer_id = a.id and r.user_id = $2) as \"reviewed!\"
         from answers a join tasks t on t.id = a.task_id join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id
         left join project_workers w on w.project_id = p.id and w.user_id = $2
         where a.id = $1",
        answer.0,
        user.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if !t.admitted {
        return Err(kept_out(conn, t.project_id, user).await?.into());
    }
    let refusal = match t.answer_status.as_str() {
        _ if t.owns => Some(Refusal::OwnProject),
        _ if t.own => Some(Refusal::OwnTask),
        _ if t.reviewed => Some(Refusal::AlreadyReviewed),
        "in_review" => None,
        _ => Some(Refusal::AlreadyDecided),
    };
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    Ok(Judged {
        id: t.id,
        batch_id: t.batch_id,
        dataset_id: t.dataset_id,
        project_id: t.project_id,
        status: t.status,
        reward_points: t.reward_points,
        on_reject: t.on_reject,
        max_rejections: t.max_rejections,
        project_state: t.project_state,
        queued: t.queued,
        author: t.author,
        reviewers_needed: t.reviewers_needed,
        approvals: t.approvals,
        rejections: t.rejections,
    })
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
