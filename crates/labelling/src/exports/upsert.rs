//! The index row follows the resource.

use datacrowd_protocol::{
    WireEnum,
    export::{ExportFormat, ExportTrigger, RowPer},
    ids::{DatasetId, ExportId, ProjectId, ResourceUid, TenantId},
    internal::{ExportState, ExportView, ResourceKind},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::waiting_for;
use crate::{
    Labelling, Refusal, Result,
    binding::{Binding, Stored, bind, bound, refuse_foreign, refuse_tombstoned},
    events,
    projects::{bound_named, from_column},
    runs::latest_run,
    tenants::tenant_named,
};

/// An Export resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct ExportUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub project_name: String,
    pub dataset_name: Option<String>,
    pub format: ExportFormat,
    pub trigger: ExportTrigger,
    pub row_per: RowPer,
    pub since: Option<i64>,
    pub raw_cells: bool,
    pub bom: bool,
    pub predictions: bool,
}

/// The export that has the name, locked.
struct Known {
    id: ExportId,
    bound_uid: Option<Uuid>,
    generation: i64,
    project_id: ProjectId,
    dataset_id: Option<Uuid>,
    format: String,
    trigger: String,
    row_per: String,
    since: Option<i64>,
    raw_cells: bool,
    bom: bool,
    predictions: bool,
    watermark: Option<i64>,
}

impl Known {
    /// Another resource of this name takes it over. A spec cannot be changed, so whoever wants another file deletes the
    /// resource and applies it again: what was taken as one file is not given out as another. One of which nothing
    /// was taken yet becomes what is asked for now.
    async fn adopt(
        &self,
        conn: &mut PgConnection,
        up: &ExportUpsert,
        project: ProjectId,
        dataset: Option<DatasetId>,
    ) -> Result<()> {
        let same_file = self.dataset_id.map(DatasetId) == dataset
            && self.format == up.format.column()
            && self.row_per == up.row_per.column()
            && self.since == up.since
            && self.raw_cells == up.raw_cells
            && self.bom == up.bom
            && self.predictions == up.predictions;
        if self.project_id != project || (!same_file && self.watermark.is_some()) {
            return Err(Refusal::ExportIdentityChanged.into());
        }
        if same_file && self.trigger == up.trigger.column() {
            return Ok(());
        }
        sqlx::query!(
            "update exports set dataset_id = $2, format = $3, trigger = $4, row_per = $5, since = $6, raw_cells = $7, bom = $8, predictions = $9 where id = $1",
            self.id.0,
            dataset.map(|d| d.0),
            up.format.column(),
            up.trigger.column(),
            up.row_per.column(),
            up.since,
            up.raw_cells,
            up.bom,
            up.predictions
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn apply(&self, conn: &mut PgConnection, up: &ExportUpsert) -> Result<()> {
        sqlx::query!(
            "update exports set bound_uid = $2, generation = $3, updated_at = now() where id = $1",
            self.id.0,
            up.uid.0,
            up.generation
        )
        .execute(&mut *conn)
        .await
        .map_err(bound)?;
        events::record(
            conn,
            "export.applied",
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
    /// `project_not_found`, `dataset_not_found`, `tombstoned`, `identity_changed`, `namespace_not_bound`; or the database failed.
    pub async fn export_upsert(&self, up: &ExportUpsert, bucket: &str) -> Result<ExportView> {
        let mut tx = self.begin().await?;
        refuse_tombstoned(&mut tx, up.uid).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
        let project = bound_named(&mut tx, tenant, &up.namespace, &up.project_name).await?;
        let dataset = match &up.dataset_name {
            None => None,
            Some(name) => Some(dataset_named(&mut tx, project, &up.namespace, name).await?),
        };
        insert(&mut tx, tenant, (project, dataset), up).await?;
        let known = lock(&mut tx, tenant, up).await?;
        let stored = Stored {
            bound: known.bound_uid.map(ResourceUid),
            generation: known.generation,
        };
        let binding = bind(
            &mut tx,
            ResourceKind::Export,
            &stored,
            up.uid,
            up.generation,
        )
        .await?;
        if binding == Binding::Adopted {
            known.adopt(&mut tx, up, project, dataset).await?;
        }
        if binding.changes() {
            known.apply(&mut tx, up).await?;
        }
        let view = export_view(&mut tx, known.id, bucket).await?;
        tx.commit().await?;
        Ok(view)
    }
}

async fn dataset_named(
    conn: &mut PgConnection,
    project: ProjectId,
    namespace: &str,
    name: &str,
) -> Result<DatasetId> {
    let row = sqlx::query!(
        "select id from datasets where project_id = $1 and namespace = $2 and name = $3 and gold is null",
        project.0,
        namespace,
        name
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| Refusal::DatasetNotFound {
        name: name.to_owned(),
    })?;
    Ok(DatasetId(row.id))
}

/// Takes the name, unless it is taken.
async fn insert(
    conn: &mut PgConnection,
    tenant: TenantId,
    (project, dataset): (ProjectId, Option<DatasetId>),
    up: &ExportUpsert,
) -> Result<()> {
    sqlx::query!(
        "insert into exports (id, tenant_id, project_id, dataset_id, namespace, name, generation, format, trigger, row_per, since, raw_cells, bom, predictions)
             values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13) on conflict on constraint exports_identity do nothing",
        Uuid::now_v7(),
        tenant.0,
        project.0,
        dataset.map(|d| d.0),
        up.namespace,
        up.name,
        up.format.column(),
        up.trigger.column(),
        up.row_per.column(),
        up.since,
        up.raw_cells,
        up.bom,
        up.predictions
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn lock(conn: &mut PgConnection, tenant: TenantId, up: &ExportUpsert) -> Result<Known> {
    let known = sqlx::query_as!(
        Known,
        "select id, bound_uid, generation, project_id, dataset_id, format, trigger, row_per, since, raw_cells, bom, predictions, watermark
             from exports where tenant_id = $1 and namespace = $2 and name = $3 for update",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_one(conn)
    .await?;
    Ok(known)
}

/// What operator and REST are told of an export.
async fn export_view(conn: &mut PgConnection, id: ExportId, bucket: &str) -> Result<ExportView> {
    let e = sqlx::query!("select state, watermark, object_key, rows, size_bytes, sha256, expires_at, completed_at from exports where id = $1", id.0)
        .fetch_one(&mut *conn)
        .await?;
    let state: ExportState = from_column("export state", &e.state)?;
    let waiting_for = if state == ExportState::Pending {
        waiting_for(conn, id).await?
    } else {
        None
    };
    Ok(ExportView {
        id,
        state,
        due: waiting_for.is_none(),
        waiting_for,
        rows: e.rows,
        size_bytes: e.size_bytes,
        sha256: e.sha256,
        uri: e
            .object_key
            .filter(|_| state == ExportState::Ready)
            .map(|key| format!("s3://{bucket}/{key}")),
        watermark: e.watermark,
        expires_at: e.expires_at,
        completed_at: e.completed_at,
        run: latest_run(conn, id, 0).await?,
    })
}
