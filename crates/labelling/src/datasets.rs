//! Datasets: the index row of the resource, and what was loaded of its source.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    chunk::Checkpoint,
    ids::{DatasetId, ProjectId, ResourceUid, TenantId},
    internal::{DatasetState, DatasetView},
    run::SourceFound,
    source::{DeletionPolicy, SourceFormat},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Labelling, Page, Refusal, Result,
    binding::{Binding, refuse_tombstoned, tombstone},
    events, outbox,
    projects::{billing, from_column, settle_state},
    runs::release,
    tenants::tenant_named,
};

/// A Dataset resource, as the caller saw it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct DatasetUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub project_name: String,
    pub source_uri: String,
    pub format: SourceFormat,
    pub own_credentials: bool,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    pub suspended: bool,
}

/// A dataset as its owner sees it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct Dataset {
    pub id: DatasetId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub state: DatasetState,
    pub source_uri: String,
    pub format: SourceFormat,
    pub batch_size: i32,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub total_rows: Option<i64>,
    pub tasks_created: i64,
    pub checkpoint: Checkpoint,
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What a deletion leaves to the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedDataset {
    /// True when rows went with it.
    pub rows_deleted: bool,
}

impl Labelling {
    /// Makes the index row say what the resource says, when the resource is not older than the row.
    ///
    /// # Errors
    /// `project_not_found`, `tombstoned`, `identity_changed`; or the database failed.
    pub async fn dataset_upsert(&self, up: &DatasetUpsert) -> Result<DatasetView> {
        let mut tx = self.pool.begin().await?;
        refuse_tombstoned(&mut tx, up.uid.0).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        let project = sqlx::query!(
            "select id from projects where tenant_id = $1 and namespace = $2 and name = $3 and bound_uid is not null",
            tenant.0,
            up.namespace,
            up.project_name
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or_else(|| Refusal::ProjectNotFound { name: up.project_name.clone() })?;
        let inserted = sqlx::query!(
            "insert into datasets (id, tenant_id, project_id, namespace, name, generation, source_path, source_format, own_credentials,
                                   batch_size, max_invalid_rows, suspended)
             values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11) on conflict on constraint datasets_identity do nothing",
            Uuid::now_v7(),
            tenant.0,
            project.id,
            up.namespace,
            up.name,
            up.source_uri,
            up.format.column(),
            up.own_credentials,
            up.batch_size,
            up.max_invalid_rows,
            up.suspended
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let row = sqlx::query!(
            "select id, bound_uid, generation, source_path, project_id from datasets where tenant_id = $1 and namespace = $2 and name = $3 for update",
            tenant.0,
            up.namespace,
            up.name
        )
        .fetch_one(&mut *tx)
        .await?;
        let binding = Binding::of(row.bound_uid, row.generation, up.uid.0, up.generation);
        let adopted = binding == Binding::Adopted && inserted == 0;
        if adopted && (row.source_path != up.source_uri || row.project_id != project.id) {
            return Err(Refusal::IdentityChanged.into());
        }
        if binding == Binding::Adopted
            || (binding == Binding::Same && row.generation != up.generation)
        {
            if let Some(previous) = row.bound_uid.filter(|b| *b != up.uid.0) {
                tombstone(&mut tx, previous, "dataset").await?;
            }
            sqlx::query!(
                "update datasets set bound_uid = $2, generation = $3, suspended = $4, max_invalid_rows = $5, updated_at = now() where id = $1",
                row.id,
                up.uid.0,
                up.generation,
                up.suspended,
                up.max_invalid_rows
            )
            .execute(&mut *tx)
            .await?;
            if adopted {
                requeue_all(&mut tx, row.id).await?;
            }
            settle_state(&mut tx, row.project_id).await?;
            events::record(
                &mut tx,
                "dataset.applied",
                &row.id.to_string(),
                "resource",
                serde_json::json!({"generation": up.generation}),
            )
            .await?;
        }
        let view = dataset_view(&mut tx, row.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// A dataset of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn dataset_get(&self, tenant: Option<TenantId>, id: DatasetId) -> Result<Dataset> {
        let mut rows = self
            .dataset_rows(tenant, None, Some(id), Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Datasets of a project in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn dataset_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Dataset>> {
        let items = self
            .dataset_rows(
                tenant,
                Some(project),
                None,
                after.unwrap_or_default(),
                limit + 1,
            )
            .await?;
        Ok(Page::cut(items, limit, |d| d.id.0))
    }

    async fn dataset_rows(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        id: Option<DatasetId>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Dataset>> {
        let rows = sqlx::query!(
            "select d.id, d.tenant_id, d.project_id, d.namespace, d.name, d.bound_uid, d.state, d.source_path, d.source_format, d.batch_size,
                    d.source_size, d.sha256, d.total_items, d.tasks_created, d.checkpoint, d.created_at, r.message as \"message?\"
             from datasets d
             left join lateral (select message from runs where target_id = d.id order by created_at desc limit 1) r on true
             where ($1::uuid is null or d.tenant_id = $1) and ($2::uuid is null or d.project_id = $2) and ($3::uuid is null or d.id = $3)
               and d.id > $4
             order by d.id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|d| {
                Ok(Dataset {
                    id: DatasetId(d.id),
                    tenant: TenantId(d.tenant_id),
                    project: ProjectId(d.project_id),
                    namespace: d.namespace,
                    name: d.name,
                    bound_uid: d.bound_uid.map(ResourceUid),
                    state: from_column("dataset state", &d.state)?,
                    source_uri: d.source_path,
                    format: from_column("source format", &d.source_format)?,
                    batch_size: d.batch_size,
                    size_bytes: d.source_size,
                    sha256: d.sha256,
                    total_rows: d.total_items,
                    tasks_created: d.tasks_created,
                    checkpoint: checkpoint(d.checkpoint)?,
                    message: d.message,
                    created_at: d.created_at,
                })
            })
            .collect()
    }

    /// Remembers what the upload measured, for the owner to see.
    ///
    /// # Errors
    /// The database failed.
    pub async fn dataset_uploaded(
        &self,
        id: DatasetId,
        sha256: &str,
        size_bytes: i64,
    ) -> Result<()> {
        sqlx::query!("update datasets set sha256 = $2, source_size = coalesce(source_size, $3) where id = $1", id.0, sha256, size_bytes)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Lets no runner of this resource write again: before its Job is deleted.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_fence(&self, id: DatasetId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from datasets where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if row.bound_uid == Some(uid.0) {
            release(&mut tx, id.0).await?;
            tombstone(&mut tx, uid.0, "dataset").await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the resource `uid`. Retain keeps the rows, out of the queue, for a later resource of the
    /// same name; Delete removes them and credits the project with the tasks that nobody answered.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_delete(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        policy: DeletionPolicy,
        bucket: &str,
    ) -> Result<DeletedDataset> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select d.bound_uid, d.project_id, d.source_path, d.own_credentials, d.namespace, p.answers_per_task
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid.0, "dataset").await?;
        let ours = row.bound_uid == Some(uid.0);
        if ours {
            release(&mut tx, id.0).await?;
        }
        match policy {
            DeletionPolicy::Retain if ours => {
                sqlx::query!("update tasks set queue_pos = null where dataset_id = $1 and queue_pos is not null", id.0).execute(&mut *tx).await?;
                sqlx::query!(
                    "update datasets set bound_uid = null, updated_at = now() where id = $1",
                    id.0
                )
                .execute(&mut *tx)
                .await?;
            }
            DeletionPolicy::Delete if ours => {
                let untouched = sqlx::query!(
                    "select count(*) as \"n!\" from tasks t where t.dataset_id = $1 and not exists (select from answers a where a.task_id = t.id)",
                    id.0
                )
                .fetch_one(&mut *tx)
                .await?;
                sqlx::query!(
                    "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
                    row.project_id,
                    untouched.n * i64::from(row.answers_per_task)
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("delete from approval_events where dataset_id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("delete from runs where target_id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("delete from datasets where id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                let prefix = format!("s3://{bucket}/{}/datasets/", row.namespace);
                if !row.own_credentials && row.source_path.starts_with(&prefix) {
                    outbox::delete_object(
                        &mut tx,
                        &row.source_path[format!("s3://{bucket}/").len()..],
                    )
                    .await?;
                }
            }
            _ => {}
        }
        if ours {
            settle_state(&mut tx, row.project_id).await?;
            events::record(
                &mut tx,
                "dataset.deleted",
                &id.to_string(),
                "resource",
                serde_json::json!({"policy": policy.column()}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(DeletedDataset {
            rows_deleted: ours && policy == DeletionPolicy::Delete,
        })
    }
}

/// Puts every task with a free place back into the queue.
async fn requeue_all(conn: &mut PgConnection, dataset: Uuid) -> Result<()> {
    sqlx::query!(
        "update tasks t set queue_pos = nextval('task_queue_pos') from task_batches b
         where t.dataset_id = $1 and b.id = t.batch_id and b.sealed and t.slots_free > 0 and t.queue_pos is null",
        dataset
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A stored checkpoint.
pub(crate) fn checkpoint(value: serde_json::Value) -> Result<Checkpoint> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt { what: "checkpoint" })
}

/// What operator and REST are told of a dataset.
pub(crate) async fn dataset_view(
    conn: &mut PgConnection,
    id: Uuid,
    adopted: bool,
) -> Result<DatasetView> {
    let d = sqlx::query!(
        "select d.state, d.total_items, d.tasks_created, d.batches, d.open_batches, d.checkpoint, d.source_etag, d.source_size, d.started_at,
                d.completed_at, p.state as project_state, p.billing_status, p.task_quota, p.tasks_used
         from datasets d join projects p on p.id = d.project_id where d.id = $1",
        id
    )
    .fetch_one(&mut *conn)
    .await?;
    let checkpoint = checkpoint(d.checkpoint)?;
    Ok(DatasetView {
        id: DatasetId(id),
        state: from_column("dataset state", &d.state)?,
        project_state: from_column("project state", &d.project_state)?,
        billing: billing(&d.billing_status, d.task_quota, d.tasks_used)?,
        total_rows: d.total_items,
        tasks_created: d.tasks_created,
        rows_rejected: checkpoint.rejected,
        rejected_rows: checkpoint.rejected_rows,
        batches: d.batches,
        source: d
            .source_etag
            .zip(d.source_size)
            .map(|(etag, size_bytes)| SourceFound { etag, size_bytes }),
        run: crate::runs::latest_run(conn, id, d.tasks_created + checkpoint.rejected).await?,
        started_at: d.started_at,
        completed_at: d.completed_at,
        adopted,
        unfinished: d.open_batches > 0,
    })
}
