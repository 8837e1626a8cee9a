//! What a task shows besides text: to who works on it now, and to the project's owner.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ProjectId, TaskId, TenantId, UserId},
    labeling::{DataType, Labeling},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Labelling, Refusal, Result, tasks::lost};

/// Where a cell's image, audio or video lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The cell: a link, or a path beside the source.
    pub value: String,
    /// The dataset's source.
    pub source_uri: String,
    /// The source's ETag, once it is pinned.
    pub source_etag: Option<String>,
    /// Whether the source is read with the tenant's own keys.
    pub own_credentials: bool,
    /// Below which the tenant's own objects lie.
    pub namespace: String,
    /// Whose they are.
    pub tenant: TenantId,
    /// Whose task it is.
    pub dataset: DatasetId,
    /// ETag of the file when it became the task, where the cell names a file of the source's own folder.
    pub pinned: Option<String>,
}

/// A cell as it is stored.
struct Cell {
    value: Option<String>,
    pinned: Option<String>,
    dataset_id: Uuid,
    labeling: Value,
    source_path: String,
    source_etag: Option<String>,
    own_credentials: bool,
    namespace: String,
    tenant_id: Uuid,
}

impl Labelling {
    /// A media cell of a task that this worker holds, to answer or to review.
    ///
    /// # Errors
    /// `not_found` without a lease, `blocked`, `no_media`, `media_empty`; or the database failed.
    pub async fn task_media(
        &self,
        user: UserId,
        task: TaskId,
        column: &str,
        now: DateTime<Utc>,
    ) -> Result<Media> {
        let cell = sqlx::query_as!(
            Cell,
            "select t.payload->>$3::text as value, case when d.source_format = 'files' and $3 = 'file' then t.payload->>'etag' end as pinned, t.dataset_id, l.labeling, d.source_path, d.source_etag, d.own_credentials, d.namespace, d.tenant_id
             from tasks t join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id
             join labeling_versions l on l.project_id = p.id and l.version = coalesce(t.labeling_version, p.labeling_version)
             where t.id = $1 and (
                 exists (select from leases l where l.task_id = t.id and l.user_id = $2)
                 or exists (select from review_leases r join answers a on a.id = r.answer_id
                            where a.task_id = t.id and r.user_id = $2 and r.expires_at >= $4))",
            task.0,
            user.0,
            column,
            now
        )
        .fetch_optional(&self.calls)
        .await?;
        let cell = match cell {
            Some(cell) => Some(cell),
            None => self.gold_cell(user, task, column).await?,
        };
        let Some(cell) = cell else {
            let mut conn = self.pool.acquire().await?;
            return Err(match lost(&mut conn, user, task).await? {
                Refusal::Blocked => Refusal::Blocked,
                _ => Refusal::NotFound,
            }
            .into());
        };
        cell.media(column)
    }

    /// A cell of gold that this worker holds: its file lies beside the source that the gold came from.
    async fn gold_cell(&self, user: UserId, task: TaskId, column: &str) -> Result<Option<Cell>> {
        Ok(sqlx::query_as!(
            Cell,
            "select g.payload->>$3::text as value, case when d.source_format = 'files' and $3 = 'file' then i.payload->>'etag' end as pinned, d.id as dataset_id, l.labeling, d.source_path, d.source_etag, d.own_credentials, d.namespace, d.tenant_id
             from gold_draws g join gold_items i on i.id = g.item_id join datasets d on d.id = i.dataset_id
             join labeling_versions l on l.project_id = g.project_id and l.version = g.labeling_version
             where g.id = $1 and g.user_id = $2 and g.token is not null",
            task.0,
            user.0,
            column
        )
        .fetch_optional(&self.calls)
        .await?)
    }

    /// A media cell of a task of the owner's project, whoever works on it.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`, `no_media`, `media_empty`; or the database failed.
    pub async fn project_media(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        task: TaskId,
        column: &str,
    ) -> Result<Media> {
        self.project_find(tenant, project).await?.live()?;
        let cell = sqlx::query_as!(
            Cell,
            "select t.payload->>$3::text as value, case when d.source_format = 'files' and $3 = 'file' then t.payload->>'etag' end as pinned, t.dataset_id, l.labeling, d.source_path, d.source_etag, d.own_credentials, d.namespace, d.tenant_id
             from tasks t join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id
             join labeling_versions l on l.project_id = p.id and l.version = coalesce(t.labeling_version, p.labeling_version)
             where t.id = $1 and t.project_id = $2",
            task.0,
            project.0,
            column
        )
        .fetch_optional(&self.calls)
        .await?;
        cell.ok_or(Refusal::NotFound)?.media(column)
    }
}

impl Cell {
    /// What the cell names, where its project shows the column as an image, audio or video.
    fn media(self, column: &str) -> Result<Media> {
        let labeling: Labeling = serde_json::from_value(self.labeling)
            .map_err(|_| Error::Corrupt { what: "labeling" })?;
        let shown = labeling.display.iter().any(|d| {
            d.column == column
                && matches!(d.kind, DataType::Image | DataType::Audio | DataType::Video)
        });
        let column = column.to_owned();
        if !shown {
            return Err(Refusal::NoMedia { column }.into());
        }
        let value = self.value.filter(|v| !v.trim().is_empty());
        Ok(Media {
            value: value.ok_or(Refusal::MediaEmpty { column })?,
            source_uri: self.source_path,
            source_etag: self.source_etag,
            own_credentials: self.own_credentials,
            namespace: self.namespace,
            tenant: TenantId(self.tenant_id),
            dataset: DatasetId(self.dataset_id),
            pinned: self.pinned,
        })
    }
}
