//! Datasets as their owners see them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    chunk::Checkpoint,
    files::Selection,
    ids::{DatasetId, ProjectId, ResourceUid, TenantId},
    internal::DatasetState,
    labeling::GoldColumns,
    source::{DeletionPolicy, Delimiter, Encoding, InboxRule, SourceFormat},
};
use uuid::Uuid;

use super::checkpoint;
use crate::{Error, Labelling, Page, Refusal, Result, projects::from_column};

/// What is said of a dataset that was brought back while its project's quota covers no more of its tasks.
const WAITS_FOR_QUOTA: &str = "Some of its tasks wait until they are paid for; buy judgements for the project, and they join the queue by themselves.";

/// A dataset as its owner sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
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
    /// The tenant's own bucket, which only the runner can read.
    pub own_credentials: bool,
    /// The project's: what becomes of the rows when the resource is deleted.
    pub deletion_policy: DeletionPolicy,
    pub delimiter: Delimiter,
    pub encoding: Encoding,
    pub multiline: bool,
    /// Which files of a folder are rows; none where the source is a file.
    pub selection: Option<Selection>,
    /// Where its rows say what is right; none where they become tasks.
    pub gold: Option<GoldColumns>,
    /// Of an inbox: which of its items people are asked about.
    pub inbox: Option<InboxRule>,
    /// Rows that became gold.
    pub gold_items: i64,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    /// Whether a run was ever let begin.
    pub began: bool,
    /// The source's ETag with its quotes, once it is pinned.
    pub etag: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub total_rows: Option<i64>,
    pub tasks_created: i64,
    pub checkpoint: Checkpoint,
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Dataset {
    /// What is said of a deleted one: how to bring it back, or what is left of it away.
    #[must_use]
    pub fn deleted(&self) -> Option<Refusal> {
        let gone = self.state == DatasetState::Deleted;
        gone.then(|| Refusal::DatasetDeleted {
            id: self.id,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        })
    }
}

/// A dataset as it is stored, with its project's word and its latest run's.
struct Row {
    id: DatasetId,
    tenant_id: TenantId,
    project_id: ProjectId,
    namespace: String,
    name: String,
    bound_uid: Option<Uuid>,
    state: String,
    source_path: String,
    source_format: String,
    own_credentials: bool,
    delimiter: String,
    encoding: String,
    multiline: bool,
    selection: Option<serde_json::Value>,
    gold: Option<serde_json::Value>,
    inbox: Option<serde_json::Value>,
    gold_items: i64,
    batch_size: i32,
    max_invalid_rows: i64,
    began: bool,
    source_etag: Option<String>,
    source_size: Option<i64>,
    sha256: Option<String>,
    total_items: Option<i64>,
    tasks_created: i64,
    checkpoint: serde_json::Value,
    created_at: DateTime<Utc>,
    message: Option<String>,
    deletion_policy: String,
    waits: bool,
}

impl Row {
    fn dataset(self, gated: bool) -> Result<Dataset> {
        Ok(Dataset {
            id: self.id,
            tenant: self.tenant_id,
            project: self.project_id,
            namespace: self.namespace,
            name: self.name,
            bound_uid: self.bound_uid.map(ResourceUid),
            state: from_column("dataset state", &self.state)?,
            source_uri: self.source_path,
            format: match self.inbox.is_some() {
                true => SourceFormat::Inbox,
                false => from_column("source format", &self.source_format)?,
            },
            own_credentials: self.own_credentials,
            deletion_policy: from_column("deletion policy", &self.deletion_policy)?,
            delimiter: from_column("delimiter", &self.delimiter)?,
            encoding: from_column("encoding", &self.encoding)?,
            multiline: self.multiline,
            selection: selection(self.selection)?,
            gold: gold_columns(self.gold)?,
            inbox: inbox_rule(self.inbox)?,
            gold_items: self.gold_items,
            batch_size: self.batch_size,
            max_invalid_rows: self.max_invalid_rows,
            began: self.began,
            etag: self.source_etag,
            size_bytes: self.source_size,
            sha256: self.sha256,
            total_rows: self.total_items,
            tasks_created: self.tasks_created,
            checkpoint: checkpoint(self.checkpoint)?,
            message: match self.waits && gated {
                true => Some(WAITS_FOR_QUOTA.to_owned()),
                false => self.message,
            },
            created_at: self.created_at,
        })
    }
}

/// A selection as it is stored.
pub(crate) fn selection(stored: Option<serde_json::Value>) -> Result<Option<Selection>> {
    let read = stored.map(serde_json::from_value).transpose();
    read.map_err(|_| Error::Corrupt { what: "selection" })
}

/// Where rows say what is right, as it is stored.
pub(crate) fn gold_columns(stored: Option<serde_json::Value>) -> Result<Option<GoldColumns>> {
    let read = stored.map(serde_json::from_value).transpose();
    read.map_err(|_| Error::Corrupt {
        what: "gold columns",
    })
}

fn inbox_rule(stored: Option<serde_json::Value>) -> Result<Option<InboxRule>> {
    let read = stored.map(serde_json::from_value).transpose();
    read.map_err(|_| Error::Corrupt { what: "inbox" })
}

impl Labelling {
    /// A dataset of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn dataset_get(&self, tenant: Option<TenantId>, id: DatasetId) -> Result<Dataset> {
        let mut rows = self
            .dataset_rows(tenant, None, Some(id), None, Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Datasets of a project in ascending order of id; deleted ones only when their state is asked for.
    ///
    /// # Errors
    /// The database failed.
    pub async fn dataset_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        state: Option<DatasetState>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Dataset>> {
        let items = self
            .dataset_rows(
                tenant,
                Some(project),
                None,
                state,
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
        state: Option<DatasetState>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Dataset>> {
        let rows = sqlx::query_as!(
            Row,
            "select d.id, d.tenant_id, d.project_id, d.namespace, d.name, d.bound_uid, case when d.bound_uid is null then 'deleted' else d.state end as \"state!\", d.source_path, d.source_format, d.own_credentials, d.delimiter, d.encoding, d.multiline, d.selection, d.gold, d.inbox, d.gold_items, d.batch_size,
                    d.max_invalid_rows, d.state <> 'uploaded' as \"began!\",
                    d.source_etag, d.source_size, d.sha256, d.total_items, d.tasks_created, d.checkpoint, d.created_at, r.message as \"message?\", p.deletion_policy,
                    p.state <> 'closed' and exists (select from tasks t where t.dataset_id = d.id and t.row_no = d.recharge_from and not t.charged)
                        and p.task_quota - p.tasks_used < p.answers_per_task as \"waits!\"
             from datasets d join projects p on p.id = d.project_id
             left join lateral (select message from runs where target_id = d.id order by created_at desc limit 1) r on true
             where ($1::uuid is null or d.tenant_id = $1) and ($2::uuid is null or d.project_id = $2) and ($3::uuid is null or d.id = $3)
               and d.id > $4
               and case when $3::uuid is not null then true when $6::text is null then d.bound_uid is not null
                        else case when d.bound_uid is null then 'deleted' else d.state end = $6 end
             order by d.id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit,
            state.map(WireEnum::column)
        )
        .fetch_all(&self.calls)
        .await?;
        let gated = self.billing.gates();
        rows.into_iter().map(|row| row.dataset(gated)).collect()
    }
}
