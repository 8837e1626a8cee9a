//! Projects as their owners and their workers see them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid, TenantId, UserId},
    internal::{Billing, ProjectState},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{billing, from_column};
use crate::{Error, Labelling, Page, Refusal, Result, crowd::standing::kept_out};

/// A project as its owner sees it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
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

/// Which project it is and whose, without what is in it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct ProjectHead {
    pub id: ProjectId,
    pub tenant: TenantId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub display_name: String,
    pub state: ProjectState,
}

impl ProjectHead {
    /// The project, unless it was deleted.
    ///
    /// # Errors
    /// `deleted`, with the way back.
    pub fn live(self) -> std::result::Result<Self, Refusal> {
        match self.state {
            ProjectState::Deleted => Err(deleted(self.id, &self.namespace, &self.name)),
            _ => Ok(self),
        }
    }
}

impl Project {
    /// What is said of a deleted one: how to bring it back.
    #[must_use]
    pub fn deleted(&self) -> Option<Refusal> {
        let gone = self.state == ProjectState::Deleted;
        gone.then(|| deleted(self.id, &self.namespace, &self.name))
    }
}

fn deleted(id: ProjectId, namespace: &str, name: &str) -> Refusal {
    Refusal::ProjectDeleted {
        id,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Tasks by status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the statuses")]
pub struct StatusCounts {
    pub total: i64,
    pub new: i64,
    pub locked: i64,
    pub in_review: i64,
    pub approved: i64,
    pub rejected: i64,
}

/// What a worker sees of a project they may work on.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct WorkProject {
    pub id: ProjectId,
    pub display_name: String,
    pub description: String,
    pub labeling_version: i32,
    pub labeling: Labeling,
    pub my_answers: i64,
}

/// Which project of this tenant it is; of any tenant when none is given.
pub(crate) async fn find(
    conn: &mut PgConnection,
    tenant: Option<TenantId>,
    id: ProjectId,
) -> Result<ProjectHead> {
    let row = sqlx::query!(
        "select tenant_id, namespace, name, bound_uid, display_name, case when bound_uid is null then 'deleted' else state end as \"state!\" from projects
             where id = $1 and ($2::uuid is null or tenant_id = $2)",
        id.0,
        tenant.map(|t| t.0)
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(ProjectHead {
        id,
        tenant: TenantId(row.tenant_id),
        namespace: row.namespace,
        name: row.name,
        bound_uid: row.bound_uid.map(ResourceUid),
        display_name: row.display_name,
        state: from_column("project state", &row.state)?,
    })
}

impl Labelling {
    /// Which project of this tenant it is; of any tenant when none is given. Counts nothing, whatever its size.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn project_find(
        &self,
        tenant: Option<TenantId>,
        id: ProjectId,
    ) -> Result<ProjectHead> {
        let mut conn = self.pool.acquire().await?;
        find(&mut conn, tenant, id).await
    }

    /// Whose Projects of this name are bound in a namespace: tenant and incarnation. Two at most, while the namespace
    /// changes hands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn projects_bound(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<(TenantId, ResourceUid)>> {
        let rows = sqlx::query!(
            "select tenant_id, bound_uid as \"uid!\" from projects where namespace = $1 and name = $2 and bound_uid is not null",
            namespace,
            name
        )
        .fetch_all(&self.calls)
        .await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|r| (TenantId(r.tenant_id), ResourceUid(r.uid)))
            .collect())
    }

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
        let rows = sqlx::query!(
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
                 from datasets d join tasks t on t.dataset_id = d.id where d.project_id = p.id and d.bound_uid is not null) c
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
            .map(|p| {
                Ok(Project {
                    id: ProjectId(p.id),
                    tenant: TenantId(p.tenant_id),
                    namespace: p.namespace,
                    name: p.name,
                    bound_uid: p.bound_uid.map(ResourceUid),
                    generation: p.generation,
                    display_name: p.display_name,
                    description: p.description,
                    data_type: from_column("data type", &p.data_type)?,
                    state: from_column("project state", &p.state)?,
                    paused: p.paused,
                    closed: p.closed,
                    deletion_policy: from_column("deletion policy", &p.deletion_policy)?,
                    refusal: p.refusal,
                    labeling_version: p.labeling_version,
                    labeling: p
                        .labeling
                        .map(serde_json::from_value)
                        .transpose()
                        .map_err(|_| Error::Corrupt { what: "labeling" })?,
                    billing: billing(self.billing, &p.billing_status, p.task_quota, p.tasks_used)?,
                    datasets: p.datasets,
                    tasks: StatusCounts {
                        total: p.total,
                        new: p.new,
                        locked: p.locked,
                        in_review: p.in_review,
                        approved: p.approved,
                        rejected: p.rejected,
                    },
                    created_at: p.created_at,
                })
            })
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

    /// A project that this worker may work on.
    ///
    /// # Errors
    /// `not_found`, `blocked`; or the database failed.
    pub async fn work_project(&self, user: UserId, id: ProjectId) -> Result<WorkProject> {
        if let Some(project) = self.work_projects(user, Some(id)).await?.pop() {
            return Ok(project);
        }
        let mut conn = self.pool.acquire().await?;
        Err(kept_out(&mut conn, id.0, user).await?.into())
    }

    /// Projects that this worker may work on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn work_projects(
        &self,
        user: UserId,
        only: Option<ProjectId>,
    ) -> Result<Vec<WorkProject>> {
        let rows = sqlx::query!(
            "select p.id, p.display_name, p.description, p.labeling_version, l.labeling,
                    (select count(*) from answers a where a.project_id = p.id and a.user_id = $1) as \"my_answers!\"
             from projects p
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             left join project_workers w on w.project_id = p.id and w.user_id = $1
             where p.state = 'active' and p.bound_uid is not null and ($2::uuid is null or p.id = $2)
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
             order by p.id limit 500",
            user.0,
            only.map(|p| p.0)
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter()
            .map(|p| {
                Ok(WorkProject {
                    id: ProjectId(p.id),
                    display_name: p.display_name,
                    description: p.description,
                    labeling_version: p.labeling_version,
                    labeling: serde_json::from_value(p.labeling)
                        .map_err(|_| Error::Corrupt { what: "labeling" })?,
                    my_answers: p.my_answers,
                })
            })
            .collect()
    }
}
