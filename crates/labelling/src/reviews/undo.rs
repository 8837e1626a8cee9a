//! Taking back one's own last decision, while nothing was built on it.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, ProjectId, TaskId, UserId},
    work::AnswerStatus,
};
use serde_json::json;
use sqlx::PgConnection;

use super::Reviewed;
use crate::{
    Labelling, Refusal, Result, approvals, audit,
    crowd::membership::admit,
    events,
    projects::from_column,
    task_state::{Cause, TaskEvent, try_apply},
};

impl Labelling {
    /// Undoes this reviewer's decision: the answer waits again, points and a place it gave are taken back.
    ///
    /// # Errors
    /// `not_found` without a decision to undo, `blocked`, `own_project`, `undo_too_late` when something depends on it; or the database failed.
    pub async fn review_undo(
        &self,
        user: UserId,
        answer: AnswerId,
        now: DateTime<Utc>,
    ) -> Result<Reviewed> {
        let mut tx = self.begin().await?;
        let mine = own_decision(&mut tx, user, answer).await?;
        let cause = Cause {
            kind: "review.undone",
            subject: answer.to_string(),
            actor: &user.to_string(),
            data: json!({"decision": mine.decision, "comment": mine.comment, "status": mine.status.column()}),
        };
        match mine.undoes(&mut tx, answer, now).await? {
            None => {
                let Cause {
                    kind,
                    subject,
                    actor,
                    data,
                } = cause;
                events::record(&mut tx, kind, &subject, actor, data).await?;
            }
            Some(event) => {
                try_apply(&mut tx, mine.task_id, event, &cause, now)
                    .await?
                    .ok_or_else(|| too_late("Another worker has taken the task since"))?;
            }
        }
        take_back(&mut tx, user, answer, &mine).await?;
        let details = json!({"decision": mine.decision, "status": mine.status.column()});
        let subject = answer.to_string();
        audit::record(&mut tx, user, "answer.review_undo", &subject, details).await?;
        tx.commit().await?;
        Ok(Reviewed {
            answer_id: answer,
            status: AnswerStatus::InReview,
        })
    }
}

fn too_late(why: &'static str) -> crate::Error {
    Refusal::UndoTooLate { why }.into()
}

/// A reviewer's last decision, which nothing depends on but what it did itself.
struct OwnDecision {
    task_id: TaskId,
    project_id: ProjectId,
    decision: String,
    comment: String,
    slots_delta: i16,
    status: AnswerStatus,
}

impl OwnDecision {
    /// What undoing it does to the task: nothing while the answer waited for others, too.
    async fn undoes(
        &self,
        conn: &mut PgConnection,
        answer: AnswerId,
        now: DateTime<Utc>,
    ) -> Result<Option<TaskEvent>> {
        match self.status {
            AnswerStatus::InReview => Ok(None),
            AnswerStatus::Approved => {
                unapprove(conn, self.project_id, answer, now).await?;
                Ok(Some(TaskEvent::ApprovalUndone))
            }
            AnswerStatus::Rejected => Ok(Some(TaskEvent::RejectionUndone {
                places_opened: self.slots_delta,
            })),
            AnswerStatus::Withdrawn | AnswerStatus::Voided => {
                Err(too_late("The answer was taken back"))
            }
        }
    }
}

/// Takes the decision out of the count; the answer waits again.
async fn take_back(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    mine: &OwnDecision,
) -> Result<()> {
    sqlx::query!(
        "with undone as (delete from reviews where answer_id = $1 and user_id = $2)
             update answers set status = 'in_review', decided_at = null, approvals = approvals - $3, rejections = rejections - $4 where id = $1",
        answer.0,
        user.0,
        i16::from(mine.decision == "approved"),
        i16::from(mine.decision == "rejected")
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the answer's task and refuses what cannot be undone. Everything is read after the task is locked: what a join
/// read before it waited is old.
async fn own_decision(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
) -> Result<OwnDecision> {
    let task = sqlx::query!(
        "select id, project_id from tasks where id = (select task_id from answers where id = $1) for update",
        answer.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    admit(conn, task.project_id, user).await?;
    let mine = sqlx::query!(
        "select r.decision, r.comment, r.slots_delta, a.status, d.bound_uid is not null as \"bound!\",
                exists (select from tenant_members m where m.user_id = $2 and m.tenant_id = p.tenant_id) as \"owns!\",
                exists (select from reviews o where o.answer_id = r.answer_id and o.id > r.id) as \"followed!\",
                exists (select from reviews o where o.user_id = r.user_id and o.id > r.id) as \"older!\"
         from reviews r join answers a on a.id = r.answer_id join tasks t on t.id = a.task_id
         join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id
         where r.answer_id = $1 and r.user_id = $2 for update of a",
        answer.0,
        user.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if mine.owns {
        return Err(Refusal::OwnProject.into());
    }
    let late = [
        (!mine.bound, "The dataset was deleted since"),
        (mine.older, "You have decided on another answer since"),
        (
            mine.followed,
            "Another reviewer has decided on this answer since",
        ),
    ];
    if let Some((_, why)) = late.into_iter().find(|(is_so, _)| *is_so) {
        return Err(too_late(why));
    }
    Ok(OwnDecision {
        task_id: TaskId(task.id),
        project_id: ProjectId(task.project_id),
        decision: mine.decision,
        comment: mine.comment,
        slots_delta: mine.slots_delta,
        status: from_column("answer status", &mine.status)?,
    })
}

/// An export that took its watermark after the approval gave the answer out, whatever became of its run or its file
/// since: that cannot be undone.
async fn unapprove(
    conn: &mut PgConnection,
    project: ProjectId,
    answer: AnswerId,
    now: DateTime<Utc>,
) -> Result<()> {
    // Whoever takes a watermark now waits for this transaction, and whoever took one is seen below.
    approvals::lock_shared(conn, project).await?;
    let exported = sqlx::query!(
        "select exists (
             select from (
                 select project_id, dataset_id, since, watermark from exports where project_id = $1
                 union all select project_id, dataset_id, since, watermark from deleted_exports where project_id = $1) e
             join approval_events v on v.project_id = e.project_id and v.answer_id = $2 and v.kind = 'approved'
             where v.seq <= e.watermark and v.seq > coalesce(e.since, 0)
               and (e.dataset_id is null or e.dataset_id = v.dataset_id)
               and not exists (select from approval_events r where r.revokes = v.seq)) as \"exported!\"",
        project.0,
        answer.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if exported.exported {
        return Err(too_late("The answer was exported"));
    }
    approvals::revoke(conn, project, answer, true, now).await?;
    Ok(())
}
