//! The index row follows the resource; a spec that breaks a rule is kept out and named.

use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid, TenantId},
    internal::{ProjectView, ResourceKind},
    labeling::{DataType, Gold, Labeling, Qualification},
    source::DeletionPolicy,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::settle_state;
use crate::{
    Error, Labelling, Refusal, Result,
    binding::{Binding, Stored, bind, bound, refuse_foreign, refuse_tombstoned},
    events,
    tenants::tenant_named,
};

/// A Project resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
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
        let mut tx = self.begin().await?;
        refuse_tombstoned(&mut tx, up.uid).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
        insert(&mut tx, tenant, up).await?;
        let known = lock(&mut tx, tenant, up).await?;
        let binding = bind(
            &mut tx,
            ResourceKind::Project,
            &known.stored,
            up.uid,
            up.generation,
        )
        .await?;
        let adopted = binding == Binding::Adopted && known.labeling_version > 0;
        if binding != Binding::Older {
            let violations = violations(&up.labeling, known.fixed);
            if violations.is_empty() {
                known.accept(&mut tx, up, binding).await?;
            } else if binding.changes() {
                known.keep_out(&mut tx, up, violations).await?;
            }
            if binding.changes() {
                settle_state(&mut tx, known.id).await?;
            }
        }
        let view = self.project_view(&mut tx, known.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Whether a project would take this labeling: asked before its resource is written, where that can be told then.
    ///
    /// # Errors
    /// `invalid_spec`, with what to do instead; `not_found`; or the database failed.
    pub async fn project_admits(&self, id: ProjectId, labeling: &Labeling) -> Result<()> {
        let row = sqlx::query!(
            "select answers_per_task, answers_most, slots_frozen from projects where id = $1",
            id.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        let limits = Limits::new(row.answers_per_task, row.answers_most);
        let fixed = row.slots_frozen.then_some(limits);
        let violations = violations(labeling, fixed);
        if violations.is_empty() {
            return Ok(());
        }
        let details = violations.into_iter().collect();
        Err(Refusal::InvalidSpec { details }.into())
    }
}

/// The project that has the name, locked.
struct Known {
    id: ProjectId,
    stored: Stored,
    labeling_version: i32,
    labeling: Option<serde_json::Value>,
    /// Answers per task, once tasks were made for so many.
    fixed: Option<Limits>,
}

/// How many answers a task gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    least: i32,
    most: i32,
}

impl Limits {
    fn new(answers_per_task: i32, answers_most: Option<i16>) -> Self {
        Self {
            least: answers_per_task,
            most: answers_most.map_or(answers_per_task, i32::from),
        }
    }

    fn of(labeling: &Labeling) -> Self {
        let least = labeling.answers_per_task();
        Self {
            least,
            most: labeling.overlap().map_or(least, |overlap| overlap.most),
        }
    }
}

impl Known {
    /// Puts a spec that breaks no rule in force, with a version of its labeling unless that is the one in force.
    async fn accept(
        &self,
        conn: &mut PgConnection,
        up: &ProjectUpsert,
        binding: Binding,
    ) -> Result<()> {
        let labeling =
            serde_json::to_value(&up.labeling).map_err(|_| Error::Corrupt { what: "labeling" })?;
        let mut version = self.labeling_version;
        if self.labeling.as_ref() != Some(&labeling) {
            version += 1;
            sqlx::query!(
                "insert into labeling_versions (project_id, version, labeling) values ($1, $2, $3)",
                self.id.0,
                version,
                labeling
            )
            .execute(&mut *conn)
            .await?;
        }
        if !binding.changes() && version == self.labeling_version {
            return Ok(());
        }
        self.apply(conn, up, version).await?;
        events::record(
            conn,
            "project.applied",
            &self.id.to_string(),
            "resource",
            serde_json::json!({"generation": up.generation}),
        )
        .await
    }

    async fn apply(&self, conn: &mut PgConnection, up: &ProjectUpsert, version: i32) -> Result<()> {
        let overlap = up.labeling.overlap();
        let qualification = up.labeling.qualification.as_ref();
        let gold = up.labeling.gold.as_ref();
        sqlx::query!(
            "update projects set bound_uid = $2, generation = $3, display_name = $4, description = $5, data_type = $6, paused = $7,
                    deletion_policy = $8, labeling_version = $9, answers_per_task = $10, reviewers_count = $11, reward_points = $12,
                    lock_seconds = $13, on_reject = $14, max_rejections = $15, audience = $16, refusal = null, updated_at = now(),
                    state = case when $17 or state = 'closed' then 'closed' else state end,
                    answers_most = $18, consensus_field = $19, consensus_options = $20, consensus_confidence = $21,
                    qualification_min_skill = $22, qualification_action = $23, gold_onboarding = $24, gold_every = $25, qualification_min_gold = $26
             where id = $1",
            self.id.0,
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
            // At most 25: a spec with more is kept out.
            overlap.and_then(|overlap| i16::try_from(overlap.most).ok()),
            overlap.map(|overlap| overlap.field),
            overlap.and_then(|overlap| i16::try_from(overlap.options).ok()),
            overlap.map(|overlap| overlap.confidence),
            qualification.map(Qualification::min_skill),
            qualification.map(|qualification| qualification.action().column()),
            gold.map(Gold::onboarding),
            gold.map(Gold::every),
            qualification.and_then(|qualification| qualification.min_gold),
        )
        .execute(conn)
        .await
        .map_err(bound)?;
        Ok(())
    }

    /// Keeps a spec out, and names what is wrong with it.
    async fn keep_out(
        &self,
        conn: &mut PgConnection,
        up: &ProjectUpsert,
        violations: Vec<(String, String)>,
    ) -> Result<()> {
        let refusal = Refusal::InvalidSpec {
            details: violations.into_iter().collect(),
        };
        sqlx::query!(
            "update projects set bound_uid = $2, generation = $3, refusal = $4, deletion_policy = $5, updated_at = now() where id = $1",
            self.id.0,
            up.uid.0,
            up.generation,
            refusal.message(),
            up.deletion_policy.column()
        )
        .execute(conn)
        .await
        .map_err(bound)?;
        Ok(())
    }
}

/// Takes the name, unless it is taken.
async fn insert(conn: &mut PgConnection, tenant: TenantId, up: &ProjectUpsert) -> Result<()> {
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
    .execute(conn)
    .await?;
    Ok(())
}

/// Locked first, read afterwards: a join that waited for the lock has the new row's version, and looks for it among
/// the versions that were there before.
async fn lock(conn: &mut PgConnection, tenant: TenantId, up: &ProjectUpsert) -> Result<Known> {
    sqlx::query!(
        "select id from projects where tenant_id = $1 and namespace = $2 and name = $3 for update",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_one(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "select p.id, p.bound_uid, p.generation, p.labeling_version, p.answers_per_task, p.answers_most, p.slots_frozen, p.task_quota, p.state,
                    l.labeling as \"labeling?\"
             from projects p left join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where p.tenant_id = $1 and p.namespace = $2 and p.name = $3",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_one(conn)
    .await?;
    Ok(Known {
        id: ProjectId(row.id),
        stored: Stored {
            bound: row.bound_uid.map(ResourceUid),
            generation: row.generation,
        },
        labeling_version: row.labeling_version,
        labeling: row.labeling,
        fixed: row
            .slots_frozen
            .then_some(Limits::new(row.answers_per_task, row.answers_most)),
    })
}

/// What is wrong with a labeling, of a project whose tasks may have been made for so many answers each.
fn violations(labeling: &Labeling, fixed: Option<Limits>) -> Vec<(String, String)> {
    let mut violations = labeling.violations();
    let Some(fixed) = fixed else {
        return violations;
    };
    let now = Limits::of(labeling);
    let mut refuse = |path: &str, fixed: i32| {
        violations.push((
            format!("labeling.{path}"),
            format!("was fixed at {fixed} when the first tasks were generated; set it back, or make a new Project"),
        ));
    };
    let consensus = labeling.consensus.as_ref();
    if now.least != fixed.least {
        let is_least = consensus.is_some_and(|c| c.min_answers.is_some());
        refuse(
            if is_least {
                "consensus.minAnswers"
            } else {
                "answersPerTask"
            },
            fixed.least,
        );
    }
    // Without a limit of its own it is the number of answers.
    if now.most != fixed.most && (now.most, fixed.most) != (now.least, fixed.least) {
        refuse("consensus.maxAnswers", fixed.most);
    }
    violations
}
