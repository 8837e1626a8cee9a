//! Taking back everything that one worker answered in a project.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId, UserId};
use serde_json::json;

use crate::{
    Labelling, Result, audit, events, points,
    projects::find,
    tasks::{Freed, return_slot},
};

/// Most answers voided in one transaction.
const VOID_BATCH: i64 = 200;

/// What was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Voided {
    /// Answers that no longer count.
    pub answers: i64,
    /// Points that their author no longer has.
    pub points: i64,
}

impl Labelling {
    /// Voids a worker's answers that wait or were approved: their places open again, their points are taken
    /// back, and exports from now on leave them out. Repeating it after a failure goes on where it stopped.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn worker_void(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
        actor: UserId,
        now: DateTime<Utc>,
    ) -> Result<Voided> {
        let mut tx = self.pool.begin().await?;
        find(&mut tx, tenant, project).await?;
        tx.commit().await?;
        let mut total = Voided::default();
        loop {
            let voided = self.void_batch(project, worker, actor, now).await?;
            if voided.answers == 0 {
                return Ok(total);
            }
            total.answers += voided.answers;
            total.points += voided.points;
        }
    }

    /// Answers of one batch only: whoever holds several batches at once could wait for somebody who waits for
    /// their dataset.
    async fn void_batch(
        &self,
        project: ProjectId,
        worker: UserId,
        actor: UserId,
        now: DateTime<Utc>,
    ) -> Result<Voided> {
        let mut tx = self.pool.begin().await?;
        let tasks = sqlx::query!(
            "select t.id from tasks t where t.id in (
                 select a.task_id from answers a join tasks b on b.id = a.task_id
                 where a.project_id = $1 and a.user_id = $2 and a.status in ('in_review', 'approved') and b.batch_id = (
                     select f.batch_id from answers o join tasks f on f.id = o.task_id
                     where o.project_id = $1 and o.user_id = $2 and o.status in ('in_review', 'approved') order by o.id limit 1)
                 order by a.task_id limit $3)
             order by t.id for update",
            project.0,
            worker.0,
            VOID_BATCH
        )
        .fetch_all(&mut *tx)
        .await?;
        let ids: Vec<_> = tasks.iter().map(|t| t.id).collect();
        // With the tasks locked, nobody decides, withdraws or voids these answers any more.
        let answers = sqlx::query!(
            "update answers a set status = 'voided', decided_at = $3 from answers old
             where old.id = a.id and a.task_id = any($1) and a.user_id = $2 and a.status in ('in_review', 'approved')
             returning a.id, a.task_id, old.status",
            &ids,
            worker.0,
            now
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut voided = Voided::default();
        let by = actor.to_string();
        for answer in &answers {
            let freed = if answer.status == "approved" {
                voided.points +=
                    i64::from(points::revoke(&mut tx, project.0, answer.id, now).await?);
                Freed::Approved
            } else {
                Freed::InReview
            };
            voided.answers += 1;
            events::record(
                &mut tx,
                "answer.voided",
                &answer.id.to_string(),
                &by,
                json!({"from": answer.status}),
            )
            .await?;
            return_slot(&mut tx, answer.task_id, freed, &by, now).await?;
        }
        if voided.answers > 0 {
            let details = json!({"project": project, "answers": voided.answers});
            audit::record(
                &mut tx,
                actor,
                "worker.voided",
                &worker.to_string(),
                details,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(voided)
    }
}
