//! The index row follows the resource.

use datacrowd_protocol::{
    ids::{ModelId, ProjectId, ResourceUid, TenantId},
    internal::{ModelView, ResourceKind},
    model::{ModelInput, ModelOutput, ModelState},
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Found, column, number_error, on_gold, stored};
use crate::{
    Error, Labelling, Refusal, Result,
    binding::{Binding, Stored, bind, bound, refuse_foreign, refuse_tombstoned},
    events,
    labelings::in_force,
    predictions::may_answer,
    projects::{bound_named, from_column},
    runs::latest_run,
    tenants::tenant_named,
    uploads::keep_folder,
};

/// A Model resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct ModelUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub project_name: String,
    pub source_uri: String,
    pub sha256: Option<String>,
    pub input: ModelInput,
    pub output: ModelOutput,
    pub replicas: i32,
    pub predict_always: bool,
    pub prefill: bool,
    pub blind_share: f64,
    pub answer_above: Option<f64>,
}

/// The model that has the name, locked.
struct Known {
    id: ModelId,
    bound_uid: Option<Uuid>,
    generation: i64,
    project_id: ProjectId,
    source_path: String,
    pinned_sha256: Option<String>,
    input: Value,
    output: Value,
    state: String,
    predicted: i64,
    answer_above: Option<f64>,
}

impl Known {
    /// Another resource of this name takes it over. A spec cannot be changed, so another file or another reading comes
    /// with another resource: what one model predicted is not given out as another's. One that nothing came of
    /// becomes what is asked for now.
    async fn adopt(
        &self,
        conn: &mut PgConnection,
        up: &ModelUpsert,
        project: ProjectId,
    ) -> Result<()> {
        let (input, output) = (column(&up.input)?, column(&up.output)?);
        let same = self.source_path == up.source_uri
            && self.pinned_sha256 == up.sha256
            && self.input == input
            && self.output == output;
        if self.project_id != project {
            return Err(Refusal::ModelIdentityChanged.into());
        }
        if same {
            return Ok(());
        }
        let state: ModelState = from_column("model state", &self.state)?;
        if self.predicted > 0 || state == ModelState::Ready {
            return Err(Refusal::ModelIdentityChanged.into());
        }
        sqlx::query!(
            "update models set source_path = $2, pinned_sha256 = $3, input = $4, output = $5, state = 'pending', sha256 = null, size_bytes = null, found = null where id = $1",
            self.id.0,
            up.source_uri,
            up.sha256,
            input,
            output
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    /// It answers from now on, and is known for a model for ever.
    async fn become_worker(&self, conn: &mut PgConnection, up: &ModelUpsert) -> Result<()> {
        sqlx::query!(
            "insert into model_workers (model_id, project_id, name) values ($1, $2, $3) on conflict (model_id) do nothing",
            self.id.0,
            self.project_id.0,
            up.name
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn apply(&self, conn: &mut PgConnection, up: &ModelUpsert) -> Result<()> {
        sqlx::query!(
            "update models set bound_uid = $2, generation = $3, replicas = $4, prefill = $5, blind_share = $6, predict_always = $7, answer_above = $8,
                 answers_from = case when answer_above is distinct from $8 then case when $8 is not null then 0 end else answers_from end, updated_at = now() where id = $1",
            self.id.0,
            up.uid.0,
            up.generation,
            up.replicas,
            up.prefill,
            up.blind_share,
            up.predict_always,
            up.answer_above
        )
        .execute(&mut *conn)
        .await
        .map_err(bound)?;
        if up.answer_above.is_some() {
            self.become_worker(conn, up).await?;
        }
        events::record(
            conn,
            "model.applied",
            &self.id.to_string(),
            "resource",
            serde_json::json!({"generation": up.generation}),
        )
        .await
    }
}

impl Labelling {
    /// Makes the index row say what the resource says.
    ///
    /// # Errors
    /// `invalid_spec`, `project_not_found`, `project_not_accepted`, `tombstoned`, `identity_changed`, `namespace_not_bound`; or the
    /// database failed.
    pub async fn model_upsert(&self, up: &ModelUpsert) -> Result<ModelView> {
        let mut tx = self.begin().await?;
        refuse_tombstoned(&mut tx, up.uid).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
        let project = bound_named(&mut tx, tenant, &up.namespace, &up.project_name).await?;
        let known = lock(&mut tx, tenant, up).await?;
        // A form that changes later does not take a model out of force.
        if known.as_ref().is_none_or(|k| k.bound_uid != Some(up.uid.0)) {
            fits(&mut tx, project, up).await?;
        }
        let answered = known.as_ref().and_then(|k| k.answer_above);
        if up.answer_above.is_some() && up.answer_above != answered {
            may_answer(&mut tx, project, &up.output).await?;
        }
        let known = match known {
            Some(known) => known,
            None => {
                insert(&mut tx, tenant, project, up).await?;
                let known = lock(&mut tx, tenant, up).await?;
                known.ok_or(Error::Corrupt { what: "model" })?
            }
        };
        let stored = Stored {
            bound: known.bound_uid.map(ResourceUid),
            generation: known.generation,
        };
        let binding = bind(&mut tx, ResourceKind::Model, &stored, up.uid, up.generation).await?;
        if binding == Binding::Adopted {
            known.adopt(&mut tx, up, project).await?;
        }
        if binding.changes() {
            known.apply(&mut tx, up).await?;
            keep_folder(&mut tx, tenant, &up.source_uri).await?;
        }
        let view = model_view(&mut tx, known.id).await?;
        tx.commit().await?;
        Ok(view)
    }
}

/// Refuses a model that does not fit itself, or the project's questions as they are now.
async fn fits(conn: &mut PgConnection, project: ProjectId, up: &ModelUpsert) -> Result<()> {
    let labeling = in_force(conn, project).await?;
    let labeling = labeling.ok_or(Refusal::ProjectNotAccepted)?;
    let mut violations = up.input.violations();
    violations.extend(up.output.violations(&labeling));
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Refusal::InvalidSpec {
            details: violations.into_iter().collect(),
        }
        .into()),
    }
}

/// Takes the name, unless it is taken.
async fn insert(
    conn: &mut PgConnection,
    tenant: TenantId,
    project: ProjectId,
    up: &ModelUpsert,
) -> Result<()> {
    sqlx::query!(
        "insert into models (id, tenant_id, project_id, namespace, name, generation, source_path, pinned_sha256, input, output)
             values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9) on conflict on constraint models_identity do nothing",
        Uuid::now_v7(),
        tenant.0,
        project.0,
        up.namespace,
        up.name,
        up.source_uri,
        up.sha256,
        column(&up.input)?,
        column(&up.output)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn lock(
    conn: &mut PgConnection,
    tenant: TenantId,
    up: &ModelUpsert,
) -> Result<Option<Known>> {
    let known = sqlx::query_as!(
        Known,
        "select id, bound_uid, generation, project_id, source_path, pinned_sha256, input, output, state, predicted, answer_above
             from models where tenant_id = $1 and namespace = $2 and name = $3 for update",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_optional(conn)
    .await?;
    Ok(known)
}

/// What operator and REST are told of a model.
async fn model_view(conn: &mut PgConnection, id: ModelId) -> Result<ModelView> {
    let m = sqlx::query!(
        "select m.state, m.sha256, m.size_bytes, m.found, m.predicted, m.micros, m.output, g.correct as \"correct!\", g.items as \"items!\",
                g.distances as \"distances!\", g.mean_absolute, g.deviation, g.bias
         from models m cross join lateral model_on_gold_v2(m.id) g where m.id = $1",
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let found: Found = m.found.map(stored).transpose()?.unwrap_or_default();
    let output: ModelOutput = stored(m.output)?;
    let error = number_error(m.distances, m.mean_absolute, m.deviation, m.bias);
    Ok(ModelView {
        id,
        state: from_column("model state", &m.state)?,
        sha256: m.sha256,
        size_bytes: m.size_bytes,
        inputs: found.inputs,
        outputs: found.outputs,
        predicted: m.predicted,
        mean_micros: m.micros.checked_div(m.predicted),
        on_gold: on_gold(m.correct, m.items).filter(|_| !output.is_number()),
        error_on_gold: error.filter(|_| output.is_number()),
        run: latest_run(conn, id, 0).await?,
    })
}
