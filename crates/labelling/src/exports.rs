//! Exports: the index row of the resource, its watermark, and the pages that its Job reads.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum,
    export::{ExportColumns, ExportFormat, ExportTrigger, RowPer},
    ids::{ExportId, ProjectId, ResourceUid, RunId, TenantId},
    internal::{ExportState, ExportView},
    run::{CompleteRun, RunOutcome},
    source::DeletionPolicy,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Begun, Error, Labelling, Page, Refusal, Result,
    binding::{Binding, refuse_tombstoned, tombstone},
    events, outbox,
    projects::from_column,
    runs::{end_run, hold, latest_run, release, require_hold},
    tenants::tenant_named,
};

/// How long a finished file is kept.
const KEEP_DAYS: i64 = 30;

/// An Export resource, as the caller saw it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
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
}

/// An export as its owner sees it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct Export {
    pub id: ExportId,
    pub project: ProjectId,
    pub namespace: String,
    pub name: String,
    pub state: ExportState,
    pub format: ExportFormat,
    pub trigger: ExportTrigger,
    pub row_per: RowPer,
    pub watermark: Option<i64>,
    pub object_key: Option<String>,
    pub rows: Option<i64>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What an exporting run needs, and where its parts go.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "protocol::run::ExportOpened documents them")]
pub struct RunParts {
    pub export: ExportId,
    pub epoch: i64,
    pub completed: bool,
    pub format: ExportFormat,
    pub row_per: RowPer,
    pub raw_cells: bool,
    pub watermark: i64,
    pub columns: ExportColumns,
    pub object_key: String,
    pub multipart: Option<String>,
}

/// A finished file's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedExport {
    /// Key of the object.
    pub object_key: String,
}

impl Labelling {
    /// Makes the index row say what the resource says.
    ///
    /// # Errors
    /// `project_not_found`, `dataset_not_found`, `tombstoned`; or the database failed.
    pub async fn export_upsert(&self, up: &ExportUpsert, bucket: &str) -> Result<ExportView> {
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
        let dataset = match &up.dataset_name {
            None => None,
            Some(name) => {
                let row = sqlx::query!("select id from datasets where project_id = $1 and namespace = $2 and name = $3", project.id, up.namespace, name)
                    .fetch_optional(&mut *tx)
                    .await?
                    .ok_or_else(|| Refusal::DatasetNotFound { name: name.clone() })?;
                Some(row.id)
            }
        };
        sqlx::query!(
            "insert into exports (id, tenant_id, project_id, dataset_id, namespace, name, generation, format, trigger, row_per, since, raw_cells)
             values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11) on conflict on constraint exports_identity do nothing",
            Uuid::now_v7(),
            tenant.0,
            project.id,
            dataset,
            up.namespace,
            up.name,
            up.format.column(),
            up.trigger.column(),
            up.row_per.column(),
            up.since,
            up.raw_cells
        )
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query!(
            "select id, bound_uid, generation, project_id from exports where tenant_id = $1 and namespace = $2 and name = $3 for update",
            tenant.0,
            up.namespace,
            up.name
        )
        .fetch_one(&mut *tx)
        .await?;
        let binding = Binding::of(row.bound_uid, row.generation, up.uid.0, up.generation);
        if binding == Binding::Adopted && row.project_id != project.id {
            return Err(Refusal::IdentityChanged.into());
        }
        if binding == Binding::Adopted
            || (binding == Binding::Same && row.generation != up.generation)
        {
            if let Some(previous) = row.bound_uid.filter(|b| *b != up.uid.0) {
                tombstone(&mut tx, previous, "export").await?;
            }
            sqlx::query!("update exports set bound_uid = $2, generation = $3, updated_at = now() where id = $1", row.id, up.uid.0, up.generation)
                .execute(&mut *tx)
                .await?;
            events::record(
                &mut tx,
                "export.applied",
                &row.id.to_string(),
                "resource",
                serde_json::json!({"generation": up.generation}),
            )
            .await?;
        }
        let view = export_view(&mut tx, row.id, bucket).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// May attempt `attempt` of this export begin?
    ///
    /// # Errors
    /// `not_found`, `tombstoned`, `export_not_due`; or the database failed.
    pub async fn export_run_begin(
        &self,
        id: ExportId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.pool.begin().await?;
        let e = sqlx::query!(
            "select bound_uid, state from exports where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if e.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if matches!(e.state.as_str(), "ready" | "expired") {
            return Ok(Begun::Completed);
        }
        if let Some(waiting_for) = waiting_for(&mut tx, id.0).await? {
            return Err(Refusal::ExportNotDue { waiting_for }.into());
        }
        let run = sqlx::query!(
            "insert into runs (id, kind, target_id, uid, attempt, created_at) values ($1, 'export', $2, $3, $4, $5)
             on conflict on constraint runs_attempt do update set attempt = excluded.attempt returning id, outcome",
            Uuid::now_v7(),
            id.0,
            uid.0,
            attempt,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        if run.outcome.is_none() {
            sqlx::query!("update exports set state = 'running', updated_at = $2 where id = $1 and state in ('pending', 'failed')", id.0, now).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Begun::Run(RunId(run.id)))
    }

    /// A pod takes an exporting run over. The first one to do so takes the watermark, after every approval
    /// that is under way.
    ///
    /// # Errors
    /// `run_held`, `tombstoned`; or the database failed.
    pub async fn export_open(&self, run: RunId, pod: &str, now: DateTime<Utc>) -> Result<RunParts> {
        let mut tx = self.pool.begin().await?;
        let r = sqlx::query!(
            "select r.target_id, r.uid, r.outcome, e.bound_uid, e.namespace, e.project_id, e.dataset_id, e.state, e.format, e.row_per, e.raw_cells, e.watermark,
                    e.columns, e.multipart_id
             from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export' for update of e",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.bound_uid != Some(r.uid) {
            return Err(Refusal::Tombstoned.into());
        }
        let completed = r.outcome.is_some() || matches!(r.state.as_str(), "ready" | "expired");
        let epoch = if completed {
            0
        } else {
            hold(&mut tx, r.target_id, run, pod, now).await?
        };
        let format: ExportFormat = from_column("export format", &r.format)?;
        let object_key = format!(
            "{}/exports/{}/result.{}",
            r.namespace,
            r.target_id,
            format.extension()
        );
        let (watermark, columns) = match (r.watermark, r.columns) {
            (Some(watermark), Some(columns)) => (
                watermark,
                serde_json::from_value(columns).map_err(|_| Error::Corrupt {
                    what: "export columns",
                })?,
            ),
            _ => {
                let watermark = take_watermark(&mut tx, r.project_id).await?;
                let columns = columns_at(&mut tx, r.project_id, r.dataset_id).await?;
                let stored = serde_json::to_value(&columns).map_err(|_| Error::Corrupt {
                    what: "export columns",
                })?;
                sqlx::query!(
                    "update exports set watermark = $2, columns = $3 where id = $1",
                    r.target_id,
                    watermark,
                    stored
                )
                .execute(&mut *tx)
                .await?;
                (watermark, columns)
            }
        };
        sqlx::query!(
            "update exports set object_key = $2 where id = $1",
            r.target_id,
            object_key
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(RunParts {
            export: ExportId(r.target_id),
            epoch,
            completed,
            format,
            row_per: from_column("row per", &r.row_per)?,
            raw_cells: r.raw_cells,
            watermark,
            columns,
            object_key,
            multipart: r.multipart_id,
        })
    }

    /// Remembers the multipart upload that this epoch writes to, and where its object goes.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn export_multipart(
        &self,
        run: RunId,
        export: ExportId,
        epoch: i64,
        multipart: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        require_hold(&mut tx, export.0, run, epoch, now).await?;
        sqlx::query!(
            "update exports set multipart_id = $2 where id = $1",
            export.0,
            multipart
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Key and multipart upload of a run that this caller holds.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn export_parts(
        &self,
        run: RunId,
        export: ExportId,
        epoch: i64,
        now: DateTime<Utc>,
    ) -> Result<(String, String)> {
        let mut tx = self.pool.begin().await?;
        require_hold(&mut tx, export.0, run, epoch, now).await?;
        let row = sqlx::query!(
            "select object_key, multipart_id from exports where id = $1",
            export.0
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        row.object_key
            .zip(row.multipart_id)
            .ok_or_else(|| Refusal::Fenced.into())
    }

    /// An exporting run ends. The same call again changes nothing.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`; or the database failed.
    pub async fn export_complete(
        &self,
        run: RunId,
        end: &CompleteRun,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let r = sqlx::query!("select r.target_id, r.outcome from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export' for update", run.0)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Refusal::Tombstoned)?;
        if r.outcome.is_some() {
            return Ok(());
        }
        require_hold(&mut tx, r.target_id, run, end.epoch, now).await?;
        end_run(
            &mut tx,
            r.target_id,
            run,
            end.outcome,
            end.reason,
            end.message.as_deref(),
            now,
        )
        .await?;
        let state = if end.outcome == RunOutcome::Succeeded {
            "ready"
        } else {
            "failed"
        };
        sqlx::query!(
            "update exports set state = $2, rows = $3, size_bytes = $4, sha256 = $5, completed_at = $6, expires_at = $7, multipart_id = null, updated_at = $6 where id = $1",
            r.target_id,
            state,
            end.rows,
            end.size_bytes,
            end.sha256,
            now,
            now + TimeDelta::days(KEEP_DAYS)
        )
        .execute(&mut *tx)
        .await?;
        events::record(
            &mut tx,
            "export.ended",
            &r.target_id.to_string(),
            "runner",
            serde_json::json!({"state": state, "rows": end.rows}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// An export of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn export_get(&self, tenant: Option<TenantId>, id: ExportId) -> Result<Export> {
        let mut rows = self
            .export_rows(tenant, None, Some(id), Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Exports of a project in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn export_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Export>> {
        let items = self
            .export_rows(
                tenant,
                Some(project),
                None,
                after.unwrap_or_default(),
                limit + 1,
            )
            .await?;
        Ok(Page::cut(items, limit, |e| e.id.0))
    }

    async fn export_rows(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        id: Option<ExportId>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Export>> {
        let rows = sqlx::query!(
            "select id, project_id, namespace, name, state, format, trigger, row_per, watermark, object_key, rows, size_bytes, sha256, expires_at, created_at
             from exports where ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or project_id = $2) and ($3::uuid is null or id = $3) and id > $4
             order by id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|e| {
                Ok(Export {
                    id: ExportId(e.id),
                    project: ProjectId(e.project_id),
                    namespace: e.namespace,
                    name: e.name,
                    state: from_column("export state", &e.state)?,
                    format: from_column("export format", &e.format)?,
                    trigger: from_column("export trigger", &e.trigger)?,
                    row_per: from_column("row per", &e.row_per)?,
                    watermark: e.watermark,
                    object_key: e.object_key,
                    rows: e.rows,
                    size_bytes: e.size_bytes,
                    sha256: e.sha256,
                    expires_at: e.expires_at,
                    created_at: e.created_at,
                })
            })
            .collect()
    }

    /// The key of a finished file.
    ///
    /// # Errors
    /// `not_found`, `export_not_ready`, `export_expired`; or the database failed.
    pub async fn export_download(
        &self,
        tenant: Option<TenantId>,
        id: ExportId,
    ) -> Result<FinishedExport> {
        let export = self.export_get(tenant, id).await?;
        match (export.state, export.object_key) {
            (ExportState::Ready, Some(object_key)) => Ok(FinishedExport { object_key }),
            (ExportState::Expired, _) => Err(Refusal::ExportExpired.into()),
            (state, _) => Err(Refusal::ExportNotReady {
                state: state.upper(),
            }
            .into()),
        }
    }

    /// Forgets the resource `uid`; the file goes with the policy Delete.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn export_delete(
        &self,
        id: ExportId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, object_key from exports where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid.0, "export").await?;
        if row.bound_uid == Some(uid.0) {
            release(&mut tx, id.0).await?;
            match policy {
                DeletionPolicy::Retain => {
                    sqlx::query!(
                        "update exports set bound_uid = null, updated_at = now() where id = $1",
                        id.0
                    )
                    .execute(&mut *tx)
                    .await?;
                }
                DeletionPolicy::Delete => {
                    sqlx::query!("delete from runs where target_id = $1", id.0)
                        .execute(&mut *tx)
                        .await?;
                    sqlx::query!("delete from exports where id = $1", id.0)
                        .execute(&mut *tx)
                        .await?;
                    if let Some(key) = row.object_key {
                        outbox::delete_object(&mut tx, &key).await?;
                    }
                }
            }
            events::record(
                &mut tx,
                "export.deleted",
                &id.to_string(),
                "resource",
                serde_json::json!({"policy": policy.column()}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What an export still waits for; none when its trigger has fired.
async fn waiting_for(conn: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    let e = sqlx::query!(
        "select e.trigger, e.dataset_id, e.project_id, p.state from exports e join projects p on p.id = e.project_id where e.id = $1",
        id
    )
    .fetch_one(&mut *conn)
    .await?;
    if e.trigger == "now" || e.state == "closed" {
        return Ok(None);
    }
    let open = sqlx::query!(
        "select name, state from datasets where project_id = $1 and ($2::uuid is null or id = $2) and state <> 'completed' and bound_uid is not null order by id limit 5",
        e.project_id,
        e.dataset_id
    )
    .fetch_all(&mut *conn)
    .await?;
    let any = sqlx::query!(
        "select exists (select from datasets where project_id = $1) as \"any!\"",
        e.project_id
    )
    .fetch_one(conn)
    .await?;
    if open.is_empty() {
        return Ok((!any.any).then(|| "the project's first dataset".to_owned()));
    }
    let names: Vec<_> = open
        .iter()
        .map(|d| {
            if d.state == "failed" {
                format!("Dataset \"{}\", which failed", d.name)
            } else {
                format!("Dataset \"{}\"", d.name)
            }
        })
        .collect();
    Ok(Some(format!("{} to be completed", names.join(", "))))
}

/// The largest approval, once no earlier one can still appear: approvals hold the lock shared until they commit.
async fn take_watermark(conn: &mut PgConnection, project: Uuid) -> Result<i64> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 1))",
        project
    )
    .fetch_one(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "select coalesce(max(seq), 0) as \"seq!\" from approval_events where project_id = $1",
        project
    )
    .fetch_one(conn)
    .await?;
    Ok(row.seq)
}

/// Sorted union of source columns and answer fields: the columns of a CSV.
async fn columns_at(
    conn: &mut PgConnection,
    project: Uuid,
    dataset: Option<Uuid>,
) -> Result<ExportColumns> {
    let source = sqlx::query!(
        "select distinct c.name as \"name!\" from datasets d
         cross join lateral (
             select jsonb_array_elements_text(d.checkpoint->'header') as name where jsonb_typeof(d.checkpoint->'header') = 'array'
             union
             select jsonb_object_keys(t.payload) as name from tasks t where t.dataset_id = d.id and coalesce(jsonb_typeof(d.checkpoint->'header'), 'null') <> 'array') c
         where d.project_id = $1 and ($2::uuid is null or d.id = $2) order by 1",
        project,
        dataset
    )
    .fetch_all(&mut *conn)
    .await?;
    let answer = sqlx::query!(
        "select distinct f->>'name' as \"name!\" from labeling_versions l cross join lateral jsonb_array_elements(l.labeling->'fields') f
         where l.project_id = $1 order by 1",
        project
    )
    .fetch_all(conn)
    .await?;
    Ok(ExportColumns {
        source: source.into_iter().map(|r| r.name).collect(),
        answer: answer.into_iter().map(|r| r.name).collect(),
    })
}

/// What operator and REST are told of an export.
async fn export_view(conn: &mut PgConnection, id: Uuid, bucket: &str) -> Result<ExportView> {
    let e = sqlx::query!("select state, watermark, object_key, rows, size_bytes, sha256, expires_at, completed_at from exports where id = $1", id)
        .fetch_one(&mut *conn)
        .await?;
    let state: ExportState = from_column("export state", &e.state)?;
    let waiting_for = if state == ExportState::Pending {
        waiting_for(conn, id).await?
    } else {
        None
    };
    Ok(ExportView {
        id: ExportId(id),
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
