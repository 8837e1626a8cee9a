//! The index row follows the resource.

use datacrowd_protocol::{
    chunk::RejectedRow,
    ids::{DatasetId, ModelId, PredictionId, ProjectId, ResourceUid, TenantId},
    internal::{PredictionView, ResourceKind},
    model::PredictionState,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{FailedItem, waiting_for};
use crate::{
    Error, Labelling, Refusal, Result,
    binding::{Binding, Stored, bind, bound, refuse_foreign, refuse_tombstoned},
    events,
    projects::{bound_named, from_column},
    runs::latest_run,
    tenants::tenant_named,
};

/// A Prediction resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct PredictionUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub project_name: String,
    pub model_name: String,
    pub dataset_name: String,
}

/// The prediction that has the name, locked.
struct Known {
    id: PredictionId,
    bound_uid: Option<Uuid>,
    generation: i64,
    project_id: ProjectId,
    model_id: ModelId,
    dataset_id: DatasetId,
}

impl Known {
    async fn apply(&self, conn: &mut PgConnection, up: &PredictionUpsert) -> Result<()> {
        sqlx::query!(
            "update prediction_jobs set bound_uid = $2, generation = $3, updated_at = now() where id = $1",
            self.id.0,
            up.uid.0,
            up.generation
        )
        .execute(&mut *conn)
        .await
        .map_err(bound)?;
        events::record(
            conn,
            "prediction.applied",
            &self.id.to_string(),
            "resource",
            serde_json::json!({"generation": up.generation}),
        )
        .await
    }
}

impl Labelling {
    /// Makes the index row say what the resource says.
    ///
    /// # Errors
    /// `project_not_found`, `model_not_found`, `dataset_not_found`, `tombstoned`, `identity_changed`, `namespace_not_bound`; or the
    /// database failed.
    pub async fn prediction_upsert(&self, up: &PredictionUpsert) -> Result<PredictionView> {
        let mut tx = self.begin().await?;
        refuse_tombstoned(&mut tx, up.uid).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
        let project = bound_named(&mut tx, tenant, &up.namespace, &up.project_name).await?;
        let of = (
            project,
            model_named(&mut tx, project, up).await?,
            dataset_named(&mut tx, project, up).await?,
        );
        insert(&mut tx, tenant, of, up).await?;
        let known = lock(&mut tx, tenant, up).await?;
        let stored = Stored {
            bound: known.bound_uid.map(ResourceUid),
            generation: known.generation,
        };
        let kind = ResourceKind::Prediction;
        let binding = bind(&mut tx, kind, &stored, up.uid, up.generation).await?;
        let same = (known.project_id, known.model_id, known.dataset_id) == of;
        if binding == Binding::Adopted && !same {
            return Err(Refusal::PredictionIdentityChanged.into());
        }
        if binding.changes() {
            known.apply(&mut tx, up).await?;
        }
        let view = prediction_view(&mut tx, known.id).await?;
        tx.commit().await?;
        Ok(view)
    }
}

/// The model of this name that a resource speaks for.
async fn model_named(
    conn: &mut PgConnection,
    project: ProjectId,
    up: &PredictionUpsert,
) -> Result<ModelId> {
    let row = sqlx::query!(
        "select id from models where project_id = $1 and namespace = $2 and name = $3 and bound_uid is not null",
        project.0,
        up.namespace,
        up.model_name
    )
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or_else(|| Refusal::ModelNotFound {
        name: up.model_name.clone(),
    })?;
    Ok(ModelId(row.id))
}

/// The dataset of this name that a resource speaks for.
async fn dataset_named(
    conn: &mut PgConnection,
    project: ProjectId,
    up: &PredictionUpsert,
) -> Result<DatasetId> {
    let row = sqlx::query!(
        "select id from datasets where project_id = $1 and namespace = $2 and name = $3 and bound_uid is not null and inbox is null",
        project.0,
        up.namespace,
        up.dataset_name
    )
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or_else(|| Refusal::DatasetNotFound {
        name: up.dataset_name.clone(),
    })?;
    Ok(DatasetId(row.id))
}

/// Takes the name, unless it is taken.
async fn insert(
    conn: &mut PgConnection,
    tenant: TenantId,
    (project, model, dataset): (ProjectId, ModelId, DatasetId),
    up: &PredictionUpsert,
) -> Result<()> {
    sqlx::query!(
        "insert into prediction_jobs (id, tenant_id, project_id, model_id, dataset_id, namespace, name, generation)
             values ($1, $2, $3, $4, $5, $6, $7, 0) on conflict on constraint prediction_jobs_identity do nothing",
        Uuid::now_v7(),
        tenant.0,
        project.0,
        model.0,
        dataset.0,
        up.namespace,
        up.name
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn lock(conn: &mut PgConnection, tenant: TenantId, up: &PredictionUpsert) -> Result<Known> {
    let known = sqlx::query_as!(
        Known,
        "select id, bound_uid, generation, project_id, model_id, dataset_id from prediction_jobs
             where tenant_id = $1 and namespace = $2 and name = $3 for update",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_optional(conn)
    .await?;
    known.ok_or(Error::Corrupt { what: "prediction" })
}

/// What operator and REST are told of a prediction.
async fn prediction_view(conn: &mut PgConnection, id: PredictionId) -> Result<PredictionView> {
    let p = sqlx::query!(
        "select p.state, p.predicted, p.failed, p.failed_items as \"failed_items: Json<Vec<FailedItem>>\", p.started_at, p.completed_at,
                case when d.state in ('ready', 'completed') then case when d.gold is null then d.tasks_created else d.gold_items end end as items
         from prediction_jobs p join datasets d on d.id = p.dataset_id where p.id = $1",
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let state: PredictionState = from_column("prediction state", &p.state)?;
    let waiting_for = match state {
        PredictionState::Ready => None,
        _ => waiting_for(conn, id).await?,
    };
    let shown = p.failed_items.0.into_iter().map(|item| RejectedRow {
        line: item.row_no,
        reason: item.message,
    });
    Ok(PredictionView {
        id,
        state,
        due: waiting_for.is_none(),
        waiting_for,
        items: p.items,
        predicted: p.predicted,
        failed: p.failed,
        failed_items: shown.collect(),
        started_at: p.started_at,
        completed_at: p.completed_at,
        run: latest_run(conn, id, p.predicted + p.failed).await?,
    })
}
