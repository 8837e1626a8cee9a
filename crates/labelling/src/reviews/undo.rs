//! Taking back one's own last decision, while nothing was built on it.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{AnswerId, UserId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Reviewed;
use crate::{
    Labelling, Refusal, Result, audit,
    crowd::standing::admit,
    events, points,
    submit::approval_lock_shared,
    transition::{TaskChange, task_changed},
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
        let mut tx = self.pool.begin().await?;
        // The task is locked first and everything read afterwards: what a join read before it waited is old.
        let task = sqlx::query!(
            "select id, project_id from tasks where id = (select task_id from answers where id = $1) for update",
            answer.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        admit(&mut tx, task.project_id, user).await?;
        let t = sqlx::query!(
            "select t.id, t.batch_id, t.project_id, t.status as \"status!\", d.bound_uid is not null as \"queued!\",
                    exists (select from tenant_members m where m.user_id = $2 and m.tenant_id = p.tenant_id) as \"owns!\"
             from tasks t join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id where t.id = $1",
            task.id,
            user.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let mine = sqlx::query!(
            "select r.decision, r.comment, r.slots_delta, a.status,
                    exists (select from reviews o where o.answer_id = r.answer_id and o.id > r.id) as \"followed!\",
                    exists (select from reviews o where o.user_id = r.user_id and o.id > r.id) as \"older!\"
             from reviews r join answers a on a.id = r.answer_id where r.answer_id = $1 and r.user_id = $2 for update of a",
            answer.0,
            user.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if t.owns {
            return Err(Refusal::OwnProject.into());
        }
        if !t.queued {
            return Err(too_late("The dataset was deleted since"));
        }
        if mine.older {
            return Err(too_late("You have decided on another answer since"));
        }
        if mine.followed {
            return Err(too_late(
                "Another reviewer has decided on this answer since",
            ));
        }
        let after = match mine.status.as_str() {
            "in_review" => t.status.clone(),
            "approved" => unapprove(&mut tx, t.project_id, t.id, answer, now).await?,
            "rejected" => unreject(&mut tx, t.id, mine.slots_delta, t.queued).await?,
            _ => return Err(too_late("The answer was taken back")),
        };
        sqlx::query!(
            "delete from reviews where answer_id = $1 and user_id = $2",
            answer.0,
            user.0
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update answers set status = 'in_review', decided_at = null, approvals = approvals - $2, rejections = rejections - $3 where id = $1",
            answer.0,
            i16::from(mine.decision == "approved"),
            i16::from(mine.decision == "rejected")
        )
        .execute(&mut *tx)
        .await?;
        let actor = user.to_string();
        events::record(
            &mut tx,
            "review.undone",
            &answer.to_string(),
            &actor,
            json!({"decision": mine.decision, "comment": mine.comment, "status": mine.status}),
        )
        .await?;
        let details = json!({"decision": mine.decision, "status": mine.status});
        let subject = answer.to_string();
        audit::record(&mut tx, user, "answer.review_undo", &subject, details).await?;
        let change = TaskChange {
            task: t.id,
            batch: t.batch_id,
            before: t.status,
            after,
        };
        task_changed(&mut tx, &change, &actor, now).await?;
        tx.commit().await?;
        Ok(Reviewed {
            answer_id: answer,
            status: "in_review".into(),
        })
    }
}

fn too_late(why: &'static str) -> crate::Error {
    Refusal::UndoTooLate { why }.into()
}

/// An export that took its watermark after the approval gave the answer out, whatever became of its run or its file
/// since: that cannot be undone.
async fn unapprove(
    conn: &mut PgConnection,
    project: Uuid,
    task: i64,
    answer: AnswerId,
    now: DateTime<Utc>,
) -> Result<String> {
    // Whoever takes a watermark now waits for this transaction, and whoever took one is seen below.
    approval_lock_shared(conn, project).await?;
    let exported = sqlx::query!(
        "select exists (
             select from (
                 select project_id, dataset_id, since, watermark from exports where project_id = $1
                 union all select project_id, dataset_id, since, watermark from deleted_exports where project_id = $1) e
             join approval_events v on v.project_id = e.project_id and v.answer_id = $2 and v.kind = 'approved'
             where v.seq <= e.watermark and v.seq > coalesce(e.since, 0)
               and (e.dataset_id is null or e.dataset_id = v.dataset_id)
               and not exists (select from approval_events r where r.revokes = v.seq)) as \"exported!\"",
        project,
        answer.0
    )
    .fetch_one(&mut *conn)
    .await?;
    if exported.exported {
        return Err(too_late("The answer was exported"));
    }
    points::revoke(conn, project, answer.0, true, now).await?;
    let row = sqlx::query!(
        "update tasks set approved = approved - 1, in_review = in_review + 1 where id = $1 returning status as \"status!\"",
        task
    )
    .fetch_one(conn)
    .await?;
    Ok(row.status)
}

/// The place that the rejection opened is taken back, if it is still free; places it closed open again.
async fn unreject(
    conn: &mut PgConnection,
    task: i64,
    slots_delta: i16,
    queued: bool,
) -> Result<String> {
    let row = sqlx::query!(
        "update tasks set in_review = in_review + 1, rejections = rejections - 1, slots_free = slots_free - $2,
                queue_pos = case when slots_free - $2 = 0 then null when queue_pos is null and $3 then nextval('task_queue_pos') else queue_pos end
         where id = $1 and slots_free >= $2 returning status as \"status!\"",
        task,
        slots_delta,
        queued
    )
    .fetch_optional(conn)
    .await?;
    row.map(|r| r.status)
        .ok_or_else(|| too_late("Another worker has taken the task since"))
}
