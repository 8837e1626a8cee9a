//! Projects: the index row of the resource, its labeling versions, its budget and its counters.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid, TenantId, UserId},
    internal::{Billing, BillingStatus, ProjectState, ProjectView, TaskCounts},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Labelling, Refusal, Result,
    binding::{Binding, refuse_tombstoned, tombstone},
    events,
    tenants::tenant_named,
};

/// A Project resource, as the caller saw it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the resource documents its fields")]
pub struct ProjectUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub display_name: String,
    pub description: String,
    pub data_type: DataType,
    pub paused: bool,
    pub closed: bool,
    pub deletion_policy: DeletionPolicy,
    pub labeling: Labeling,
}

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
    pub refusal: Option<String>,
    pub labeling_version: i32,
    pub labeling: Option<Labeling>,
    pub billing: Billing,
    pub datasets: i64,
    pub tasks: StatusCounts,
    pub created_at: DateTime<Utc>,
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

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// In ascending order of id.
    pub items: Vec<T>,
    /// Last id of this page when there is another one.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// A page of the first `limit` of `items`, of which one more was read to know whether another page follows.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> Self {
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(id);
        Self { items, next }
    }
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

/// A column's text as the enumeration it came from.
pub(crate) fn from_column<T: WireEnum>(what: &'static str, text: &str) -> Result<T> {
    T::from_column(text).ok_or(Error::Corrupt { what })
}

/// Quota, use and debt from their columns.
pub(crate) fn billing(status: &str, quota: i64, used: i64) -> Result<Billing> {
    Ok(Billing {
        status: from_column::<BillingStatus>("billing status", status)?,
        quota,
        used,
        debt: (used - quota).max(0),
    })
}

/// Derives the state from the spec and the datasets; closed and deleting are final.
pub(crate) async fn settle_state(conn: &mut PgConnection, project: Uuid) -> Result<()> {
    sqlx::query!(
        "update projects p set updated_at = now(), state = case
             when p.state in ('closed', 'deleting') then p.state
             when p.paused then 'paused'
             when exists (select from datasets d where d.project_id = p.id)
                  and not exists (select from datasets d where d.project_id = p.id and d.state <> 'completed') then 'completed'
             else 'active' end
         where p.id = $1",
        project
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Labelling {
    /// Makes the index row say what the resource says, when the resource is not older than the row.
    /// A spec that breaks a rule is kept out and named in `refusal`; the last accepted one stays in force.
    ///
    /// # Errors
    /// `tombstoned` for a uid that was replaced; or the database failed.
    pub async fn project_upsert(&self, up: &ProjectUpsert) -> Result<ProjectView> {
        let mut tx = self.pool.begin().await?;
        refuse_tombstoned(&mut tx, up.uid.0).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        sqlx::query!(
            "insert into projects (id, tenant_id, namespace, name, generation, display_name, data_type, deletion_policy)
             values ($1, $2, $3, $4, 0, '', $5, $6) on conflict on constraint projects_identity do nothing",
            Uuid::now_v7(),
            tenant.0,
            up.namespace,
            up.name,
            up.data_type.column(),
            up.deletion_policy.column()
        )
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query!(
            "select p.id, p.bound_uid, p.generation, p.labeling_version, p.answers_per_task, p.slots_frozen, p.task_quota, p.state,
                    l.labeling as \"labeling?\"
             from projects p left join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where p.tenant_id = $1 and p.namespace = $2 and p.name = $3 for update of p",
            tenant.0,
            up.namespace,
            up.name
        )
        .fetch_one(&mut *tx)
        .await?;
        let binding = Binding::of(row.bound_uid, row.generation, up.uid.0, up.generation);
        let adopted = binding == Binding::Adopted && row.labeling_version > 0;
        if binding != Binding::Older {
            if let Some(previous) = row.bound_uid.filter(|b| *b != up.uid.0) {
                tombstone(&mut tx, previous, "project").await?;
            }
            let mut violations = up.labeling.violations();
            if row.slots_frozen && up.labeling.answers_per_task() != row.answers_per_task {
                violations.push((
                    "labeling.answersPerTask".into(),
                    format!("was fixed at {} when the first tasks were generated; set it back, or make a new Project", row.answers_per_task),
                ));
            }
            let changed = binding == Binding::Adopted || row.generation != up.generation;
            if violations.is_empty() {
                let labeling = serde_json::to_value(&up.labeling)
                    .map_err(|_| Error::Corrupt { what: "labeling" })?;
                let mut version = row.labeling_version;
                if row.labeling.as_ref() != Some(&labeling) {
                    version += 1;
                    sqlx::query!("insert into labeling_versions (project_id, version, labeling) values ($1, $2, $3)", row.id, version, labeling)
                        .execute(&mut *tx)
                        .await?;
                }
                if changed || version != row.labeling_version {
                    self.project_apply(&mut tx, row.id, up, version).await?;
                    events::record(
                        &mut tx,
                        "project.applied",
                        &row.id.to_string(),
                        "resource",
                        serde_json::json!({"generation": up.generation}),
                    )
                    .await?;
                }
            } else if changed {
                let refusal = Refusal::InvalidSpec {
                    details: violations.into_iter().collect(),
                }
                .message();
                sqlx::query!(
                    "update projects set bound_uid = $2, generation = $3, refusal = $4, deletion_policy = $5, updated_at = now() where id = $1",
                    row.id,
                    up.uid.0,
                    up.generation,
                    refusal,
                    up.deletion_policy.column()
                )
                .execute(&mut *tx)
                .await?;
            }
            if changed {
                settle_state(&mut tx, row.id).await?;
            }
        }
        let view = self.project_view(&mut tx, row.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }

    async fn project_apply(
        &self,
        conn: &mut PgConnection,
        id: Uuid,
        up: &ProjectUpsert,
        version: i32,
    ) -> Result<()> {
        sqlx::query!(
            "update projects set bound_uid = $2, generation = $3, display_name = $4, description = $5, data_type = $6, paused = $7,
                    deletion_policy = $8, labeling_version = $9, answers_per_task = $10, reviewers_count = $11, reward_points = $12,
                    lock_seconds = $13, on_reject = $14, max_rejections = $15, audience = $16, refusal = null, updated_at = now(),
                    state = case when $17 or state = 'closed' then 'closed' else state end
             where id = $1",
            id,
            up.uid.0,
            up.generation,
            up.display_name,
            up.description,
            up.data_type.column(),
            up.paused,
            up.deletion_policy.column(),
            version,
            up.labeling.answers_per_task(),
            up.labeling.reviewers_per_answer(),
            up.labeling.reward_points(),
            up.labeling.lock_seconds(),
            up.labeling.on_reject().column(),
            up.labeling.max_rejections(),
            up.labeling.audience().column(),
            up.closed,
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn project_view(
        &self,
        conn: &mut PgConnection,
        id: Uuid,
        adopted: bool,
    ) -> Result<ProjectView> {
        let p = sqlx::query!(
            "select p.state, p.task_quota, p.tasks_used, p.billing_status, p.labeling_version, p.refusal, p.audience,
                    (select count(*) from datasets d where d.project_id = p.id) as \"datasets!\",
                    (select coalesce(sum(d.tasks_created), 0)::bigint from datasets d where d.project_id = p.id) as \"total!\",
                    (select coalesce(sum(b.approved), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id) as \"approved!\",
                    (select coalesce(sum(b.rejected), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id) as \"rejected!\"
             from projects p where p.id = $1",
            id
        )
        .fetch_one(&mut *conn)
        .await?;
        // Anybody may still register for a public project, so only a list of members can run out of people.
        let starved = if p.audience == "members" {
            starved(conn, id).await?
        } else {
            0
        };
        Ok(ProjectView {
            id: ProjectId(id),
            state: from_column("project state", &p.state)?,
            billing: billing(&p.billing_status, p.task_quota, p.tasks_used)?,
            datasets: p.datasets,
            tasks: TaskCounts {
                total: p.total,
                approved: p.approved,
                rejected: p.rejected,
                starved,
            },
            labeling_version: p.labeling_version,
            refusal: p.refusal,
            adopted,
            unfinished: p.approved + p.rejected < p.total,
        })
    }

    /// A project of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn project_get(&self, tenant: Option<TenantId>, id: ProjectId) -> Result<Project> {
        let mut page = self.project_rows(tenant, Some(id), Uuid::nil(), 1).await?;
        page.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Projects of this tenant in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn project_list(
        &self,
        tenant: Option<TenantId>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Project>> {
        let items = self
            .project_rows(tenant, None, after.unwrap_or_default(), limit + 1)
            .await?;
        Ok(Page::cut(items, limit, |p| p.id.0))
    }

    async fn project_rows(
        &self,
        tenant: Option<TenantId>,
        id: Option<ProjectId>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Project>> {
        let rows = sqlx::query!(
            "select p.id, p.tenant_id, p.namespace, p.name, p.bound_uid, p.generation, p.display_name, p.description, p.data_type, p.state,
                    p.refusal, p.labeling_version, p.task_quota, p.tasks_used, p.billing_status, p.created_at,
                    l.labeling as \"labeling?\",
                    (select count(*) from datasets d where d.project_id = p.id) as \"datasets!\",
                    c.total as \"total!\", c.new as \"new!\", c.locked as \"locked!\", c.in_review as \"in_review!\",
                    c.approved as \"approved!\", c.rejected as \"rejected!\"
             from projects p
             left join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             cross join lateral (
                 select count(*) as total, count(*) filter (where t.status = 'new') as new, count(*) filter (where t.status = 'locked') as locked,
                        count(*) filter (where t.status = 'in_review') as in_review, count(*) filter (where t.status = 'approved') as approved,
                        count(*) filter (where t.status = 'rejected') as rejected
                 from datasets d join tasks t on t.dataset_id = d.id where d.project_id = p.id) c
             where ($1::uuid is null or p.tenant_id = $1) and ($2::uuid is null or p.id = $2) and p.id > $3
             order by p.id limit $4",
            tenant.map(|t| t.0),
            id.map(|i| i.0),
            after,
            limit
        )
        .fetch_all(&self.pool)
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
                    refusal: p.refusal,
                    labeling_version: p.labeling_version,
                    labeling: p
                        .labeling
                        .map(serde_json::from_value)
                        .transpose()
                        .map_err(|_| Error::Corrupt { what: "labeling" })?,
                    billing: billing(&p.billing_status, p.task_quota, p.tasks_used)?,
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
        .fetch_all(&self.pool)
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

    /// Forgets the resource `uid`. Retain keeps the rows for a later resource of the same name.
    ///
    /// # Errors
    /// `not_found`, `in_use` while datasets or exports are bound; or the database failed.
    pub async fn project_delete(
        &self,
        id: ProjectId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from projects where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid.0, "project").await?;
        if row.bound_uid == Some(uid.0) {
            let used = sqlx::query!(
                "select (select count(*) from datasets where project_id = $1 and bound_uid is not null) as \"datasets!\",
                        (select count(*) from exports where project_id = $1 and bound_uid is not null) as \"exports!\"",
                id.0
            )
            .fetch_one(&mut *tx)
            .await?;
            if used.datasets + used.exports > 0 {
                return Err(Refusal::InUse {
                    datasets: used.datasets,
                    exports: used.exports,
                }
                .into());
            }
            // Id, grants and use survive any policy: what was paid for is not lost with a resource.
            sqlx::query!(
                "update projects set bound_uid = null, updated_at = now() where id = $1",
                id.0
            )
            .execute(&mut *tx)
            .await?;
            events::record(
                &mut tx,
                "project.deleted",
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

async fn starved(conn: &mut PgConnection, project: Uuid) -> Result<i64> {
    let row = sqlx::query!(
        "select count(*) as \"starved!\" from tasks t
         where t.project_id = $1 and t.queue_pos is not null and not exists (
             select from project_workers w where w.project_id = $1 and w.standing = 'member'
               and not exists (select from answers a where a.task_id = t.id and a.user_id = w.user_id and a.status not in ('withdrawn', 'voided'))
               and not exists (select from skips s where s.task_id = t.id and s.user_id = w.user_id))",
        project
    )
    .fetch_one(conn)
    .await?;
    Ok(row.starved)
}
