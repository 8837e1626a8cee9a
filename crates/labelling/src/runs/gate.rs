//! The gate: may an attempt to generate a dataset begin, and who pays for it.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ResourceUid, RunId},
    internal::ProjectState,
};
use uuid::Uuid;

use super::Begun;
use crate::{
    Labelling, Refusal, Result, datasets::checkpoint, debt, events, projects::from_column,
};

impl Labelling {
    /// May attempt `attempt` of this dataset begin? The same call again returns the same run.
    ///
    /// # Errors
    /// `not_found`, `tombstoned`, `project_not_active`, `project_ended`, `project_not_accepted`, `payment_required`, `debt_owed`; or the database failed.
    pub async fn dataset_run_begin(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.pool.begin().await?;
        let d = sqlx::query!(
            "select d.bound_uid, d.state, d.project_id, d.tasks_created, d.checkpoint, p.state as project_state, p.labeling_version,
                    p.answers_per_task, p.task_quota, p.tasks_used, p.tenant_id
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if d.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if matches!(d.state.as_str(), "ready" | "completed") {
            return Ok(Begun::Completed);
        }
        let known = sqlx::query!(
            "select id from runs where target_id = $1 and uid = $2 and attempt = $3",
            id.0,
            uid.0,
            attempt
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(known) = known {
            return Ok(Begun::Run(RunId(known.id)));
        }
        if d.labeling_version == 0 {
            return Err(Refusal::ProjectNotAccepted.into());
        }
        match from_column("project state", &d.project_state)? {
            ProjectState::Active | ProjectState::Completed => {}
            paused @ ProjectState::Paused => {
                let state = paused.upper();
                return Err(Refusal::ProjectNotActive { state }.into());
            }
            _ => return Err(Refusal::ProjectEnded.into()),
        }
        self.gate(d.task_quota, d.tasks_used, d.answers_per_task)?;
        debt::refuse(&mut tx, self.billing, d.tenant_id).await?;
        let run = Uuid::now_v7();
        let rows_before = d.tasks_created + checkpoint(d.checkpoint)?.rejected;
        sqlx::query!(
            "insert into runs (id, kind, target_id, uid, attempt, rows_before, created_at) values ($1, 'generate', $2, $3, $4, $5, $6)",
            run,
            id.0,
            uid.0,
            attempt,
            rows_before,
            now
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update projects set slots_frozen = true where id = $1",
            d.project_id
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("update datasets set state = 'generating', started_at = coalesce(started_at, $2), updated_at = $2 where id = $1", id.0, now)
            .execute(&mut *tx)
            .await?;
        events::record(
            &mut tx,
            "dataset.generating",
            &id.to_string(),
            "gate",
            serde_json::json!({"attempt": attempt, "run": run}),
        )
        .await?;
        tx.commit().await?;
        Ok(Begun::Run(RunId(run)))
    }

    fn gate(&self, quota: i64, used: i64, answers_per_task: i32) -> Result<()> {
        let (remaining, needed) = (quota - used, i64::from(answers_per_task));
        if self.billing.gates() && remaining < needed {
            return Err(Refusal::PaymentRequired {
                remaining: remaining.max(0),
                needed,
            }
            .into());
        }
        Ok(())
    }
}
