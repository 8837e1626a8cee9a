//! Exports as their owners see them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    export::{ExportFormat, ExportTrigger, RowPer},
    ids::{ExportId, ProjectId, ResourceUid, TenantId},
    internal::ExportState,
};
use uuid::Uuid;

use super::workers_key;
use crate::{Error, Labelling, Page, Refusal, Result, projects::from_column};

/// What is said of an export that goes on no more.
const DELETED: &str = "The export was deleted before it was written; create a new one.";

/// An export as its owner sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct Export {
    pub id: ExportId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub state: ExportState,
    pub format: ExportFormat,
    pub trigger: ExportTrigger,
    pub row_per: RowPer,
    pub watermark: Option<i64>,
    pub object_key: Option<String>,
    pub has_workers: bool,
    pub rows: Option<i64>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it is as it is, where there is more to say than its state.
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// A finished file's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedExport {
    /// Key of the object.
    pub object_key: String,
    /// Key of what is told of each worker, where the export's tasks have labels.
    pub workers_key: Option<String>,
}

/// An export as it is stored, with its latest run's word.
struct Row {
    id: ExportId,
    tenant_id: TenantId,
    project_id: ProjectId,
    namespace: String,
    name: String,
    bound_uid: Option<Uuid>,
    state: String,
    format: String,
    trigger: String,
    row_per: String,
    watermark: Option<i64>,
    object_key: Option<String>,
    has_workers: bool,
    rows: Option<i64>,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    message: Option<String>,
}

impl TryFrom<Row> for Export {
    type Error = Error;

    fn try_from(e: Row) -> Result<Self> {
        let state = from_column("export state", &e.state)?;
        let message = match (e.bound_uid, state) {
            (None, ExportState::Pending | ExportState::Running) => Some(DELETED.to_owned()),
            _ => e.message,
        };
        Ok(Self {
            id: e.id,
            tenant: e.tenant_id,
            project: e.project_id,
            namespace: e.namespace,
            name: e.name,
            bound_uid: e.bound_uid.map(ResourceUid),
            state,
            format: from_column("export format", &e.format)?,
            trigger: from_column("export trigger", &e.trigger)?,
            row_per: from_column("row per", &e.row_per)?,
            watermark: e.watermark,
            object_key: e.object_key,
            has_workers: e.has_workers,
            rows: e.rows,
            size_bytes: e.size_bytes,
            sha256: e.sha256,
            expires_at: e.expires_at,
            message,
            created_at: e.created_at,
        })
    }
}

impl Labelling {
    /// An export of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn export_get(&self, tenant: Option<TenantId>, id: ExportId) -> Result<Export> {
        let mut rows = self
            .export_rows(tenant, None, Some(id), None, Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Exports of a project in ascending order of id; of deleted ones those whose file is still there.
    ///
    /// # Errors
    /// The database failed.
    pub async fn export_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        state: Option<ExportState>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Export>> {
        let items = self
            .export_rows(
                tenant,
                Some(project),
                None,
                state,
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
        state: Option<ExportState>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Export>> {
        let rows = sqlx::query_as!(
            Row,
            "select id, tenant_id, project_id, namespace, name, bound_uid, state, format, trigger, row_per, watermark, object_key, coalesce((consensus->>'workers')::boolean, false) as \"has_workers!\", rows, size_bytes, sha256, expires_at, created_at,
                    (select message from runs where target_id = exports.id order by created_at desc limit 1) as message
             from exports where ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or project_id = $2) and ($3::uuid is null or id = $3) and id > $4
               and ($6::text is null or state = $6)
               and ($3::uuid is not null or bound_uid is not null or state = 'ready')
             order by id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit,
            state.map(WireEnum::column)
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter().map(Export::try_from).collect()
    }

    /// The keys of finished files.
    ///
    /// # Errors
    /// `not_found`, `export_not_ready`, `export_expired`, `debt_owed`; or the database failed.
    pub async fn export_download(
        &self,
        tenant: Option<TenantId>,
        id: ExportId,
    ) -> Result<FinishedExport> {
        let export = self.export_get(tenant, id).await?;
        match (export.state, export.object_key) {
            (ExportState::Ready, Some(object_key)) => {
                self.debt_refuse(export.tenant).await?;
                Ok(FinishedExport {
                    workers_key: workers_key(&object_key).filter(|_| export.has_workers),
                    object_key,
                })
            }
            (ExportState::Expired, _) => Err(Refusal::ExportExpired.into()),
            (ExportState::Pending, _) if export.bound_uid.is_some() => {
                self.debt_refuse(export.tenant).await?;
                Err(Refusal::ExportNotReady { state: "PENDING" }.into())
            }
            (state, _) => Err(Refusal::ExportNotReady {
                state: state.upper(),
            }
            .into()),
        }
    }
}
