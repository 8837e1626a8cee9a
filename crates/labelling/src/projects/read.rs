//! Projects as their owners see them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid, TenantId},
    internal::{Billing, ProjectState},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use uuid::Uuid;

use super::{billing, from_column, head::deleted};
use crate::{BillingMode, Error, Labelling, Page, Refusal, Result};

/// A project as its owner sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct Project {
    pub id: ProjectId,
    pub tenant: TenantId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub generation: i64,
    pub display_name: String,
    pub description: String,
    pub data_type: DataType,
    pub state: ProjectState,
    /// Kept back by the owner; `state` says less while it is deleted.
    pub paused: bool,
    pub closed: bool,
    pub deletion_policy: DeletionPolicy,
    pub refusal: Option<String>,
    pub labeling_version: i32,
    pub labeling: Option<Labeling>,
    pub billing: Billing,
    pub datasets: i64,
    pub tasks: StatusCounts,
    pub created_at: DateTime<Utc>,
}

impl Project {
    /// What is said of a deleted one: how to bring it back.
    #[must_use]
    pub fn deleted(&self) -> Option<Refusal> {
        let gone = self.state == ProjectState::Deleted;
        gone.then(|| deleted(self.id, &self.namespace, &self.name))
    }
}

/// Tasks by status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusCounts {
    pub total: i64,
    pub new: i64,
    pub locked: i64,
    pub in_review: i64,
    pub approved: i64,
    pub rejected: i64,
}

/// A project as it is stored, with its counts.
struct Row {
    id: ProjectId,
    tenant_id: TenantId,
    namespace: String,
    name: String,
    bound_uid: Option<Uuid>,
    generation: i64,
    display_name: String,
    description: String,
    data_type: String,
    state: String,
    refusal: Option<String>,
    paused: bool,
    closed: bool,
    deletion_policy: String,
    labeling_version: i32,
    task_quota: i64,
    tasks_used: i64,
    billing_status: String,
    created_at: DateTime<Utc>,
    labeling: Option<serde_json::Value>,
    datasets: i64,
    total: i64,
    new: i64,
    locked: i64,
    in_review: i64,
    approved: i64,
    rejected: i64,
}

impl Row {
    fn project(self, mode: BillingMode) -> Result<Project> {
        Ok(Project {
            id: self.id,
            tenant: self.tenant_id,
            namespace: self.namespace,
            name: self.name,
            bound_uid: self.bound_uid.map(ResourceUid),
            generation: self.generation,
            display_name: self.display_name,
            description: self.description,
            data_type: from_column("data type", &self.data_type)?,
            state: from_column("project state", &self.state)?,
            paused: self.paused,
            closed: self.closed,
            deletion_policy: from_column("deletion policy", &self.deletion_policy)?,
            refusal: self.refusal,
            labeling_version: self.labeling_version,
            labeling: self
                .labeling
                .map(serde_json::from_value)
                .transpose()
                .map_err(|_| Error::Corrupt { what: "labeling" })?,
            billing: billing(mode, &self.billing_status, self.task_quota, self.tasks_used)?,
            datasets: self.datasets,
            tasks: StatusCounts {
                total: self.total,
                new: self.new,
                locked: self.locked,
                in_review: self.in_review,
                approved: self.approved,
                rejected: self.rejected,
            },
            created_at: self.created_at,
        })
    }
}

impl Labelling {
    /// A project of this tenant with its counts; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn project_get(&self, tenant: Option<TenantId>, id: ProjectId) -> Result<Project> {
        let mut page = self
            .project_rows(tenant, Some(id), None, Uuid::nil(), 1)
            .await?;
        page.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Projects of this tenant in ascending order of id; deleted ones only when their state is asked for.
    ///
    /// # Errors
    /// The database failed.
    pub async fn project_list(
        &self,
        tenant: Option<TenantId>,
        state: Option<ProjectState>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Project>> {
        let items = self
            .project_rows(tenant, None, state, after.unwrap_or_default(), limit + 1)
            .await?;
        Ok(Page::cut(items, limit, |p| p.id.0))
    }

    async fn project_rows(
        &self,
        tenant: Option<TenantId>,
        id: Option<ProjectId>,
        state: Option<ProjectState>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Project>> {
        let rows = sqlx::query_as!(
            Row,
            "select p.id, p.tenant_id, p.namespace, p.name, p.bound_uid, p.generation, p.display_name, p.description, p.data_type,
                    case when p.bound_uid is null then 'deleted' else p.state end as \"state!\",
                    p.refusal, p.paused, p.state = 'closed' as \"closed!\", p.deletion_policy, p.labeling_version, p.task_quota, p.tasks_used, p.billing_status, p.created_at,
                    l.labeling as \"labeling?\",
                    (select count(*) from datasets d where d.project_id = p.id and d.bound_uid is not null) as \"datasets!\",
                    c.total as \"total!\", c.new as \"new!\", c.locked as \"locked!\", c.in_review as \"in_review!\",
                    c.approved as \"approved!\", c.rejected as \"rejected!\"
             from projects p
             left join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             cross join lateral (
                 select count(*) as total, count(*) filter (where t.status = 'new') as new, count(*) filter (where t.status = 'locked') as locked,
                        count(*) filter (where t.status = 'in_review') as in_review, count(*) filter (where t.status = 'approved') as approved,
                        count(*) filter (where t.status = 'rejected') as rejected
                 from datasets d join tasks t on t.dataset_id = d.id where d.project_id = p.id and d.bound_uid is not null and (d.inbox is null or t.charged)) c
             where ($1::uuid is null or p.tenant_id = $1) and ($2::uuid is null or p.id = $2) and p.id > $3
               and case when $2::uuid is not null then true when $5::text is null then p.bound_uid is not null
                        else case when p.bound_uid is null then 'deleted' else p.state end = $5 end
             order by p.id limit $4",
            tenant.map(|t| t.0),
            id.map(|i| i.0),
            after,
            limit,
            state.map(WireEnum::column)
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter()
            .map(|row| row.project(self.billing))
            .collect()
    }

    /// A version of a project's labeling, the one in force when none is named.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn project_labeling(
        &self,
        tenant: Option<TenantId>,
        id: ProjectId,
        version: Option<i32>,
    ) -> Result<Labeling> {
        let row = sqlx::query!(
            "select l.labeling from projects p join labeling_versions l on l.project_id = p.id and l.version = coalesce($3, p.labeling_version)
             where p.id = $1 and ($2::uuid is null or p.tenant_id = $2)",
            id.0,
            tenant.map(|t| t.0),
            version
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        serde_json::from_value(row.labeling).map_err(|_| Error::Corrupt { what: "labeling" })
    }
}
