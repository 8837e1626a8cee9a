//! The owner's word on a task: it overrules every method that makes a label of answers.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ProjectId, TaskId, TenantId, UserId},
    labeling::{Consensus, Labeling},
    raw::RawJson,
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};

use crate::{Labelling, Refusal, Result, answer_form::check_value, approvals::lock_shared, events};

/// What an owner says of a task.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// The task's project.
    pub project: ProjectId,
    /// The task.
    pub task: TaskId,
    /// A value of the field that gets a consensus.
    pub value: RawJson,
    /// Who says it.
    pub actor: UserId,
}

/// What an owner said of a task.
#[derive(Debug, Clone)]
pub struct OwnersDecision {
    /// The task.
    pub task: TaskId,
    /// The field that gets a consensus.
    pub field: String,
    /// Its value.
    pub value: RawJson,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
}

impl Labelling {
    /// Decides the label of a task; a later decision replaces it. Exports that took their watermark before do not change.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`, `no_consensus`, `invalid_answer`; or the database failed.
    pub async fn decision_put(
        &self,
        tenant: Option<TenantId>,
        decision: NewDecision,
        now: DateTime<Utc>,
    ) -> Result<OwnersDecision> {
        let NewDecision {
            project,
            task,
            value,
            actor,
        } = decision;
        let (_, labeling, consensus) = self.project_consensus(tenant, project).await?;
        fits(&labeling, &consensus, &value)?;
        let mut tx = self.begin().await?;
        let dataset = lock_task(&mut tx, project, task).await?;
        lock_shared(&mut tx, project).await?;
        let stored = sqlx::query!(
            "insert into decisions (project_id, dataset_id, task_id, field, value, user_id, created_at) values ($1, $2, $3, $4, $5, $6, $7)
             returning value as \"value!: Json<RawJson>\"",
            project.0,
            dataset.0,
            task.0,
            consensus.field,
            Json(&value) as _,
            actor.0,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        let data = json!({"field": consensus.field});
        events::record(&mut tx, "task.decided", &task.to_string(), "owner", data).await?;
        tx.commit().await?;
        Ok(OwnersDecision {
            task,
            field: consensus.field,
            value: stored.value.0.compact(),
            decided_at: now,
        })
    }

    /// Takes the decision on a task back, if there is one: exports from now on ask the method again.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`, `no_consensus`; or the database failed.
    pub async fn decision_delete(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        task: TaskId,
        actor: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (_, _, consensus) = self.project_consensus(tenant, project).await?;
        let mut tx = self.begin().await?;
        let dataset = lock_task(&mut tx, project, task).await?;
        lock_shared(&mut tx, project).await?;
        let taken_back = sqlx::query!(
            "insert into decisions (project_id, dataset_id, task_id, field, user_id, created_at)
             select $1, $2, $3, $4, $5, $6
             where (select value from decisions where task_id = $3 and field = $4 order by seq desc limit 1) is not null",
            project.0,
            dataset.0,
            task.0,
            consensus.field,
            actor.0,
            now
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if taken_back > 0 {
            let data = json!({"field": consensus.field});
            events::record(&mut tx, "task.undecided", &task.to_string(), "owner", data).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The tenant and the labeling of a project that goes on, and how it makes one label of many answers.
    pub(super) async fn project_consensus(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
    ) -> Result<(TenantId, Labeling, Consensus)> {
        let head = self.project_find(tenant, project).await?.live()?;
        let labeling = self.project_labeling(tenant, project, None).await?;
        let consensus = labeling.consensus.clone().ok_or(Refusal::NoConsensus)?;
        Ok((head.tenant, labeling, consensus))
    }
}

/// Refuses what no worker could have answered.
fn fits(labeling: &Labeling, consensus: &Consensus, value: &RawJson) -> Result<()> {
    let field = labeling.fields.iter().find(|f| f.name == consensus.field);
    let field = field.ok_or(Refusal::NoConsensus)?;
    let checked = match value.get() {
        "null" => Err("must be a value; DELETE takes a decision back".to_owned()),
        raw => check_value(field, raw),
    };
    checked.map_err(|why| {
        let details = [("value".to_owned(), why)].into();
        Refusal::InvalidAnswer { details }.into()
    })
}

/// Keeps a task from being removed, and says which dataset it is of. Tasks are locked before approvals, as everywhere.
async fn lock_task(conn: &mut PgConnection, project: ProjectId, task: TaskId) -> Result<DatasetId> {
    let row = sqlx::query!(
        "select dataset_id from tasks where id = $1 and project_id = $2 for key share",
        task.0,
        project.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(DatasetId(row.dataset_id))
}

/// Which of these tasks are decided by a decision after `since`, as it was known at the watermark. Each is looked up by its own index,
/// not by a range of numbers.
pub(crate) async fn decided_tasks(
    conn: &mut PgConnection,
    tasks: &[i64],
    field: &str,
    since: i64,
    watermark: i64,
) -> Result<Vec<i64>> {
    let decided = sqlx::query_scalar!(
        "select d.task_id from unnest($1::bigint[]) as t (id) cross join lateral (
             select e.task_id, e.seq from decisions e
             where e.task_id = t.id and e.field = $2 and e.seq + 0 > $3 and e.seq + 0 <= $4 and e.value is not null
               and not exists (select from decisions l where l.task_id = t.id and l.field = $2 and l.seq + 0 > e.seq and l.seq + 0 <= $4)
             offset 0) d",
        tasks,
        field,
        since,
        watermark
    )
    .fetch_all(conn)
    .await?;
    Ok(decided)
}
