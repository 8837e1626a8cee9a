//! The index row follows the resource; a spec that breaks a rule is kept out and named.

use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid},
    internal::{ProjectView, TaskCounts},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{billing, from_column, settle_state};
use crate::{
    Error, Labelling, Refusal, Result,
    binding::{Binding, Stored, bind, bound, refuse_foreign, refuse_tombstoned},
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

impl Labelling {
    /// Makes the index row say what the resource says, when the resource is not older than the row.
    /// A spec that breaks a rule is kept out and named in `refusal`; the last accepted one stays in force.
    ///
    /// # Errors
    /// `tombstoned` for a uid that was replaced, `namespace_not_bound` for another tenant's; or the database failed.
    pub async fn project_upsert(&self, up: &ProjectUpsert) -> Result<ProjectView> {
        let mut tx = self.pool.begin().await?;
        refuse_tombstoned(&mut tx, up.uid.0).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
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
        // Locked first, read afterwards: a join that waited for the lock has the new row's version, and looks for it
        // among the versions that were there before.
        sqlx::query!(
            "select id from projects where tenant_id = $1 and namespace = $2 and name = $3 for update",
            tenant.0,
            up.namespace,
            up.name
        )
        .fetch_one(&mut *tx)
        .await?;
        let row = sqlx::query!(
            "select p.id, p.bound_uid, p.generation, p.labeling_version, p.answers_per_task, p.slots_frozen, p.task_quota, p.state,
                    l.labeling as \"labeling?\"
             from projects p left join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where p.tenant_id = $1 and p.namespace = $2 and p.name = $3",
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
        let binding = bind(&mut tx, "project", &stored, up.uid.0, up.generation).await?;
        let adopted = binding == Binding::Adopted && row.labeling_version > 0;
        if binding != Binding::Older {
            let fixed = row.slots_frozen.then_some(row.answers_per_task);
            let violations = violations(&up.labeling, fixed);
            let changed = binding.changes();
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
                .await
                .map_err(bound)?;
            }
            if changed {
                settle_state(&mut tx, row.id).await?;
            }
        }
        let view = self.project_view(&mut tx, row.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Whether a project would take this labeling: asked before its resource is written, where that can be told then.
    ///
    /// # Errors
    /// `invalid_spec`, with what to do instead; `not_found`; or the database failed.
    pub async fn project_admits(&self, id: ProjectId, labeling: &Labeling) -> Result<()> {
        let row = sqlx::query!(
            "select answers_per_task, slots_frozen from projects where id = $1",
            id.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        let fixed = row.slots_frozen.then_some(row.answers_per_task);
        let violations = violations(labeling, fixed);
        if violations.is_empty() {
            return Ok(());
        }
        let details = violations.into_iter().collect();
        Err(Refusal::InvalidSpec { details }.into())
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
        .await
        .map_err(bound)?;
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
                    (select count(*) from datasets d where d.project_id = p.id and d.bound_uid is not null) as \"datasets!\",
                    (select coalesce(sum(d.tasks_created), 0)::bigint from datasets d where d.project_id = p.id and d.bound_uid is not null) as \"total!\",
                    (select coalesce(sum(b.approved), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id and d.bound_uid is not null) as \"approved!\",
                    (select coalesce(sum(b.rejected), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id and d.bound_uid is not null) as \"rejected!\"
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
            billing: billing(self.billing, &p.billing_status, p.task_quota, p.tasks_used)?,
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
}

/// What is wrong with a labeling, of a project whose tasks may have been made for so many answers each.
fn violations(labeling: &Labeling, fixed: Option<i32>) -> Vec<(String, String)> {
    let mut violations = labeling.violations();
    if let Some(fixed) = fixed.filter(|fixed| labeling.answers_per_task() != *fixed) {
        violations.push((
            "labeling.answersPerTask".into(),
            format!("was fixed at {fixed} when the first tasks were generated; set it back, or make a new Project"),
        ));
    }
    violations
}

/// Tasks that nobody on the list may take, or whose answers nobody on it may review.
async fn starved(conn: &mut PgConnection, project: Uuid) -> Result<i64> {
    let row = sqlx::query!(
        "select count(*) as \"starved!\" from (
             select t.id from tasks t
             where t.project_id = $1 and t.queue_pos is not null and not exists (
                 select from project_workers w where w.project_id = $1 and w.standing = 'member'
                   and not exists (select from answers a where a.task_id = t.id and a.user_id = w.user_id and a.status not in ('withdrawn', 'voided'))
                   and not exists (select from skips s where s.task_id = t.id and s.user_id = w.user_id)
                   and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = w.user_id)
                   and not exists (select from answers o join reviews r on r.answer_id = o.id where o.task_id = t.id and r.user_id = w.user_id))
             union
             select a.task_id from answers a join projects p on p.id = a.project_id
             where a.project_id = $1 and a.status = 'in_review' and not exists (
                 select from project_workers w where w.project_id = $1 and w.standing = 'member'
                   and not exists (select from answers o where o.task_id = a.task_id and o.user_id = w.user_id)
                   and not exists (select from reviews r where r.answer_id = a.id and r.user_id = w.user_id)
                   and not exists (select from tenant_members m where m.user_id = w.user_id and m.tenant_id = p.tenant_id))) stuck",
        project
    )
    .fetch_one(conn)
    .await?;
    Ok(row.starved)
}
