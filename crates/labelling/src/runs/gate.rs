//! The gate: may an attempt to generate a dataset begin, and who pays for it.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ProjectId, ResourceUid, TenantId},
    internal::{DatasetState, ProjectState},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Begun, begin_run, known_run};
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
        let mut tx = self.begin().await?;
        let asking = lock(&mut tx, id).await?;
        if asking.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if let DatasetState::Ready | DatasetState::Completed =
            from_column("dataset state", &asking.state)?
        {
            return Ok(Begun::Completed);
        }
        if let Some(known) = known_run(&mut tx, id, uid, attempt).await? {
            return Ok(Begun::Run(known));
        }
        asking.refuse_unworkable()?;
        // Gold costs what is answered to it, and nothing to load.
        if !asking.is_gold {
            self.gate(
                asking.task_quota,
                asking.tasks_used,
                asking.answers_per_task,
            )?;
            debt::refuse(&mut tx, self.billing, asking.tenant_id).await?;
        }
        let rows_before =
            asking.tasks_created + asking.gold_items + checkpoint(asking.checkpoint)?.rejected;
        let asked = (uid, attempt);
        let (run, _) = begin_run(&mut tx, "generate", id, asked, rows_before, now).await?;
        generating(&mut tx, id, asking.project_id, asking.is_gold, now).await?;
        events::record(
            &mut tx,
            "dataset.generating",
            &id.to_string(),
            "gate",
            serde_json::json!({"attempt": attempt, "run": run}),
        )
        .await?;
        tx.commit().await?;
        Ok(Begun::Run(run))
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

/// A dataset that asks for a run, locked with its project, which pays for it.
struct Asking {
    bound_uid: Option<Uuid>,
    state: String,
    project_id: ProjectId,
    tasks_created: i64,
    gold_items: i64,
    is_gold: bool,
    checkpoint: serde_json::Value,
    project_state: String,
    labeling_version: i32,
    answers_per_task: i32,
    task_quota: i64,
    tasks_used: i64,
    tenant_id: TenantId,
}

impl Asking {
    /// Refuses a project in which no work goes on.
    fn refuse_unworkable(&self) -> Result<()> {
        if self.labeling_version == 0 {
            return Err(Refusal::ProjectNotAccepted.into());
        }
        match from_column("project state", &self.project_state)? {
            ProjectState::Active | ProjectState::Completed => Ok(()),
            paused @ ProjectState::Paused => {
                let state = paused.upper();
                Err(Refusal::ProjectNotActive { state }.into())
            }
            _ => Err(Refusal::ProjectEnded.into()),
        }
    }
}

async fn lock(conn: &mut PgConnection, id: DatasetId) -> Result<Asking> {
    let asking = sqlx::query_as!(
        Asking,
        "select d.bound_uid, d.state, d.project_id, d.tasks_created, d.gold_items, d.gold is not null as \"is_gold!\", d.checkpoint, p.state as project_state, p.labeling_version,
                    p.answers_per_task, p.task_quota, p.tasks_used, p.tenant_id
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update",
        id.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(asking)
}

/// The dataset is generating. From its first tasks on a project keeps its number of answers per task.
async fn generating(
    conn: &mut PgConnection,
    id: DatasetId,
    project: ProjectId,
    is_gold: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update projects set slots_frozen = true where id = $1 and not $2",
        project.0,
        is_gold
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("update datasets set state = 'generating', started_at = coalesce(started_at, $2), updated_at = $2 where id = $1", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}
