//! A decision, and what the majority makes of the answer and its task.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, DatasetId, ProjectId, TaskId, UserId},
    work::AnswerStatus,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Decision, Reviewed, status_after};
use crate::{
    BillingMode, Error, Labelling, Refusal, Result,
    approvals::{self, ApprovedAnswer},
    audit,
    crowd::membership::{admit_lock, kept_out},
    error::constraint,
    events,
    projects::from_column,
    task_state::{Cause, TaskEvent, apply},
    tasks::take_turn,
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
        let mut tx = self.begin().await?;
        take_turn(&mut tx, user).await?;
        let judged = judged(&mut tx, user, answer, self.billing).await?;
        let (verdict, _) = decision.parts();
        note_decision(&mut tx, user, answer, &judged, decision, now).await?;
        let status = count_decision(&mut tx, answer, &judged, verdict, now).await?;
        let actor = user.to_string();
        let data = json!({"decision": verdict, "status": status.column()});
        audit::record(
            &mut tx,
            user,
            "answer.review",
            &answer.to_string(),
            data.clone(),
        )
        .await?;
        let cause = Cause {
            kind: "answer.reviewed",
            subject: answer.to_string(),
            actor: &actor,
            data,
        };
        carry_out(&mut tx, user, answer, &judged, status, cause, now).await?;
        tx.commit().await?;
        Ok(Reviewed {
            answer_id: answer,
            status,
        })
    }
}

/// Stores the decision. Who decides has seen the answer, however they came by its number.
async fn note_decision(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    judged: &Judged,
    decision: &Decision,
    now: DateTime<Utc>,
) -> Result<()> {
    let (verdict, comment) = decision.parts();
    sqlx::query!(
        "with decided as (insert into reviews (answer_id, user_id, decision, comment, created_at) values ($1, $2, $3, $4, $5)),
              let_go as (delete from review_leases where answer_id = $1 and user_id = $2)
         insert into shown_tasks (task_id, user_id, shown_at) values ($6, $2, $5) on conflict (task_id, user_id) do nothing",
        answer.0,
        user.0,
        verdict,
        comment,
        now,
        judged.task
    )
    .execute(conn)
    .await
    .map_err(|e| match constraint(&e) {
        Some("reviews_once") => Refusal::AlreadyReviewed.into(),
        _ => Error::from(e),
    })?;
    Ok(())
}

/// Counts the decision; the answer's status by it.
async fn count_decision(
    conn: &mut PgConnection,
    answer: AnswerId,
    judged: &Judged,
    verdict: &str,
    now: DateTime<Utc>,
) -> Result<AnswerStatus> {
    let approvals = judged.approvals + i16::from(verdict == "approved");
    let rejections = judged.rejections + i16::from(verdict == "rejected");
    let status = status_after(judged.reviewers_needed, approvals, rejections);
    sqlx::query!(
        "update answers set approvals = $2, rejections = $3, status = $4, decided_at = case when $4 <> 'in_review' then $5::timestamptz end where id = $1",
        answer.0,
        approvals,
        rejections,
        status.column(),
        now
    )
    .execute(conn)
    .await?;
    Ok(status)
}

/// What the majority says is done to the answer's task, if it says anything yet.
async fn carry_out(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    judged: &Judged,
    status: AnswerStatus,
    cause: Cause<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let task = TaskId(judged.task);
    match status {
        AnswerStatus::Approved => {
            let approved = ApprovedAnswer {
                project: ProjectId(judged.project_id),
                dataset: DatasetId(judged.dataset_id),
                task,
                answer,
                author: UserId(judged.author),
                points: judged.reward_points,
            };
            approvals::approve(conn, &approved, now).await?;
            apply(conn, task, TaskEvent::Approved, &cause, now).await?;
        }
        AnswerStatus::Rejected => {
            let event = TaskEvent::Rejected {
                on_reject: from_column("what a rejection does", &judged.on_reject)?,
                max_rejections: judged.max_rejections,
                gated: judged.gated,
            };
            let changed = apply(conn, task, event, &cause, now).await?;
            sqlx::query!(
                "update reviews set slots_delta = $3 where answer_id = $1 and user_id = $2",
                answer.0,
                user.0,
                changed.places_opened
            )
            .execute(conn)
            .await?;
        }
        AnswerStatus::InReview | AnswerStatus::Withdrawn | AnswerStatus::Voided => {
            events::record(conn, cause.kind, &cause.subject, cause.actor, cause.data).await?;
        }
    }
    Ok(())
}

/// An answer that somebody may decide on, its task, and what its project says.
struct Judged {
    task: i64,
    dataset_id: Uuid,
    project_id: Uuid,
    reward_points: i32,
    on_reject: String,
    max_rejections: i32,
    author: Uuid,
    reviewers_needed: i16,
    approvals: i16,
    rejections: i16,
    gated: bool,
}

/// Locks the answer's task and refuses whoever may not decide on it. Everything is read after the task is locked and
/// the worker admitted: what a join read before it waited is old. Nobody changes an answer without its task's lock.
async fn judged(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    billing: BillingMode,
) -> Result<Judged> {
    let task = sqlx::query!(
        "select id, project_id from tasks where id = (select task_id from answers where id = $1) for update",
        answer.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    admit_lock(conn, task.project_id, user).await?;
    let t = sqlx::query!(
        "select t.id, t.dataset_id, t.project_id, coalesce(a.reward_points, p.reward_points) as \"reward_points!\", p.on_reject, p.max_rejections,
                a.user_id as author, a.status as answer_status, a.reviewers_needed, a.approvals, a.rejections,
                p.bound_uid is not null and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member' as \"admitted!\",
                exists (select from tenant_members m where m.user_id = $2 and m.tenant_id = p.tenant_id) as \"owns!\",
                exists (select from answers o where o.task_id = t.id and o.user_id = $2)
                    or exists (select from leases h where h.task_id = t.id and h.user_id = $2) as \"own!\",
                exists (select from reviews r where r.answer_id = a.id and r.user_id = $2) as \"reviewed!\"
         from answers a join tasks t on t.id = a.task_id join projects p on p.id = t.project_id
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
        task: t.id,
        dataset_id: t.dataset_id,
        project_id: t.project_id,
        reward_points: t.reward_points,
        on_reject: t.on_reject,
        max_rejections: t.max_rejections,
        author: t.author,
        reviewers_needed: t.reviewers_needed,
        approvals: t.approvals,
        rejections: t.rejections,
        gated: billing.gates(),
    })
}
