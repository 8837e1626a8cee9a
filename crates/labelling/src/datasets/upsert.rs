//! The index row follows the resource; rows of an earlier resource are adopted.

use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ResourceUid, TenantId},
    internal::DatasetView,
    run::SourceFound,
    source::{DeletionPolicy, Delimiter, Encoding, SourceFormat},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    checkpoint,
    content::{ContentNow, is_read_alike, is_same, pin_upload},
    delete::{mark_removing, unbind},
};
use crate::{
    Labelling, Refusal, Result,
    binding::{
        Binding, Stored, bind, bound, is_anothers_source, refuse_foreign, refuse_tombstoned,
    },
    events,
    projects::{billing, from_column, settle_state},
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
    /// What lies at the source now: asked for by an adoption.
    pub content: ContentNow,
    /// The dataset whose rows may go, when it had this name and is another one.
    pub delete_rows: Option<DatasetId>,
    pub delimiter: Delimiter,
    pub encoding: Encoding,
    pub multiline: bool,
}

impl Labelling {
    /// Makes the index row say what the resource says, when the resource is not older than the row.
    ///
    /// # Errors
    /// `project_not_found`, `tombstoned`, `identity_changed`, `rows_going`, `namespace_not_bound`; [`crate::Error::ContentUnseen`]
    /// while the caller has to look at the source first; or the database failed.
    pub async fn dataset_upsert(&self, up: &DatasetUpsert) -> Result<DatasetView> {
        let mut tx = self.pool.begin().await?;
        refuse_tombstoned(&mut tx, up.uid.0).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
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
                                   batch_size, max_invalid_rows, suspended, delimiter, encoding, multiline)
             values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict on constraint datasets_identity do nothing",
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
            up.suspended,
            up.delimiter.column(),
            up.encoding.column(),
            up.multiline
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if inserted == 1 && !up.own_credentials {
            refuse_foreign_source(&mut tx, tenant, up).await?;
        }
        let row = sqlx::query!(
            "select id, bound_uid, generation, source_path, own_credentials, project_id, removing from datasets where tenant_id = $1 and namespace = $2 and name = $3 for update",
            tenant.0,
            up.namespace,
            up.name
        )
        .fetch_one(&mut *tx)
        .await?;
        let stored = Stored {
            bound: row.bound_uid,
            generation: row.generation,
        };
        let binding = bind(&mut tx, "dataset", &stored, up.uid.0, up.generation).await?;
        let adopted = binding == Binding::Adopted && inserted == 0;
        if adopted && row.removing {
            return Err(Refusal::RowsGoing.into());
        }
        // Who reads the source is part of what it is: under another rule, another bucket has the same name.
        let same = row.source_path == up.source_uri
            && row.own_credentials == up.own_credentials
            && row.project_id == project.id;
        if adopted
            && !(same
                && is_read_alike(&mut tx, row.id, up).await?
                && is_same(&mut tx, row.id, &up.content).await?)
        {
            if up.delete_rows != Some(DatasetId(row.id)) {
                return Err(Refusal::IdentityChanged {
                    id: DatasetId(row.id),
                    namespace: up.namespace.clone(),
                    name: up.name.clone(),
                }
                .into());
            }
            // Of a name there is one resource in a cluster: the one that was bound, if any, is gone.
            unbind(&mut tx, row.id, DeletionPolicy::Delete).await?;
            mark_removing(&mut tx, row.id).await?;
            tx.commit().await?;
            return Err(Refusal::RowsGoing.into());
        }
        if inserted == 1 {
            pin_upload(&mut tx, row.id, &up.source_uri).await?;
        }
        if binding.changes() {
            sqlx::query!(
                "update datasets set bound_uid = $2, generation = $3, suspended = $4, max_invalid_rows = $5,
                        requeue_from = case when $6 then 0 else requeue_from end, recharge_from = case when $6 then 0 else recharge_from end,
                        leave_from = null, left_at = null, updated_at = now(),
                        delimiter = case when read.nothing then $7 else delimiter end, encoding = case when read.nothing then $8 else encoding end,
                        multiline = case when read.nothing then $9 else multiline end, source_format = case when read.nothing then $10 else source_format end
                 from (select (checkpoint->>'nextRow')::bigint <= 1 as nothing from datasets where id = $1) read where id = $1",
                row.id,
                up.uid.0,
                up.generation,
                up.suspended,
                up.max_invalid_rows,
                adopted,
                up.delimiter.column(),
                up.encoding.column(),
                up.multiline,
                up.format.column()
            )
            .execute(&mut *tx)
            .await
            .map_err(bound)?;
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
        let view = self.dataset_view(&mut tx, row.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }
}

/// Refuses a file that another tenant loaded or exported here before the namespace changed hands, as one that is not
/// there.
async fn refuse_foreign_source(
    conn: &mut PgConnection,
    tenant: TenantId,
    up: &DatasetUpsert,
) -> Result<()> {
    if !is_anothers_source(conn, tenant, &up.namespace, &up.source_uri).await? {
        return Ok(());
    }
    let why = "names no file of this tenant; upload it again";
    Err(Refusal::InvalidSpec {
        details: [("source.uri".to_owned(), why.to_owned())].into(),
    }
    .into())
}

/// Most tasks of an adopted dataset that are counted to see whether quota covers them.
const WAITING_ROWS: i64 = 100_000;

impl Labelling {
    /// What operator and REST are told of a dataset.
    async fn dataset_view(
        &self,
        conn: &mut PgConnection,
        id: Uuid,
        adopted: bool,
    ) -> Result<DatasetView> {
        let d = sqlx::query!(
        "select d.state, d.total_items, d.tasks_created, d.batches, d.open_batches, d.checkpoint, d.source_etag, d.source_size, d.sha256, d.started_at,
                d.completed_at, p.state as project_state, p.billing_status, p.task_quota, p.tasks_used, p.answers_per_task,
                (select count(*) from (
                     select from tasks t where t.dataset_id = d.id and t.row_no >= d.recharge_from and not t.charged
                     limit least(greatest(p.task_quota - p.tasks_used, 0) / p.answers_per_task + 1, $2)) waiting) as \"waiting!\"
         from datasets d join projects p on p.id = d.project_id where d.id = $1",
        id,
        WAITING_ROWS
    )
    .fetch_one(&mut *conn)
    .await?;
        let checkpoint = checkpoint(d.checkpoint)?;
        Ok(DatasetView {
            id: DatasetId(id),
            state: from_column("dataset state", &d.state)?,
            project_state: from_column("project state", &d.project_state)?,
            billing: billing(self.billing, &d.billing_status, d.task_quota, d.tasks_used)?,
            total_rows: d.total_items,
            tasks_created: d.tasks_created,
            rows_rejected: checkpoint.rejected,
            rejected_rows: checkpoint.rejected_rows,
            rows_blank: checkpoint.blank,
            dialect: checkpoint.dialect,
            notices: checkpoint.notices,
            batches: d.batches,
            source: d
                .source_etag
                .zip(d.source_size)
                .map(|(etag, size_bytes)| SourceFound { etag, size_bytes }),
            replaceable: checkpoint.next_row <= 1 && d.sha256.is_none(),
            run: crate::runs::latest_run(conn, id, d.tasks_created + checkpoint.rejected).await?,
            started_at: d.started_at,
            completed_at: d.completed_at,
            adopted,
            unfinished: d.open_batches > 0,
            // In a closed project nothing joins the queue any more, whatever is bought.
            unpaid: d.project_state != "closed"
                && self.billing.gates()
                && d.waiting > (d.task_quota - d.tasks_used).max(0) / i64::from(d.answers_per_task),
        })
    }
}
