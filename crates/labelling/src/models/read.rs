//! Models as their owners see them.

use chrono::{DateTime, Utc};
use datacrowd_consensus::Share;
use datacrowd_protocol::{
    ids::{ModelId, ProjectId, ResourceUid, TenantId},
    model::{ModelInput, ModelOnGold, ModelOutput, ModelState, NumberError, Tensor},
};
use serde_json::Value;
use uuid::Uuid;

use super::{Found, number_error, on_gold, share, stored};
use crate::{Error, Labelling, Page, Refusal, Result, projects::from_column};

/// A model as its owner sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct Model {
    pub id: ModelId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub state: ModelState,
    pub source_uri: String,
    pub sha256: Option<String>,
    pub size_bytes: Option<i64>,
    pub input: ModelInput,
    pub output: ModelOutput,
    /// How many predictors keep it loaded.
    pub replicas: i32,
    /// Whether its predictions are made by themselves.
    pub predict_always: bool,
    /// Whether workers begin with what it says.
    pub prefill: bool,
    /// The part of the tasks that they begin without it all the same.
    pub blind_share: f64,
    /// It answers a task of which it is at least so sure.
    pub answer_above: Option<f64>,
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
    pub predicted: i64,
    pub mean_micros: Option<i64>,
    pub on_gold: Option<ModelOnGold>,
    /// Of a model of numbers, instead.
    pub error_on_gold: Option<NumberError>,
    /// Why it is as it is, where there is more to say than its state.
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// How often people's answers are alike with a model's word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefilled {
    /// Of those that began with it.
    pub shown: Share,
    /// Of those that began without it, though it was there.
    pub blind: Share,
}

/// What became of the answers that a model gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the states of answers")]
pub struct Answered {
    pub in_review: i64,
    pub approved: i64,
    pub rejected: i64,
}

/// A model as it is stored, with its latest run's word.
struct Row {
    id: ModelId,
    tenant_id: TenantId,
    project_id: ProjectId,
    namespace: String,
    name: String,
    bound_uid: Option<Uuid>,
    state: String,
    source_path: String,
    sha256: Option<String>,
    size_bytes: Option<i64>,
    input: Value,
    output: Value,
    replicas: i32,
    predict_always: bool,
    prefill: bool,
    blind_share: f64,
    answer_above: Option<f64>,
    found: Option<Value>,
    predicted: i64,
    micros: i64,
    correct: i64,
    items: i64,
    distances: i64,
    mean_absolute: Option<f64>,
    deviation: Option<f64>,
    bias: Option<f64>,
    created_at: DateTime<Utc>,
    message: Option<String>,
}

impl TryFrom<Row> for Model {
    type Error = Error;

    fn try_from(m: Row) -> Result<Self> {
        let found: Found = m.found.map(stored).transpose()?.unwrap_or_default();
        let output: ModelOutput = stored(m.output)?;
        let is_number = output.is_number();
        let error = number_error(m.distances, m.mean_absolute, m.deviation, m.bias);
        Ok(Self {
            id: m.id,
            tenant: m.tenant_id,
            project: m.project_id,
            namespace: m.namespace,
            name: m.name,
            bound_uid: m.bound_uid.map(ResourceUid),
            state: from_column("model state", &m.state)?,
            source_uri: m.source_path,
            sha256: m.sha256,
            size_bytes: m.size_bytes,
            input: stored(m.input)?,
            output,
            replicas: m.replicas,
            predict_always: m.predict_always,
            prefill: m.prefill,
            blind_share: m.blind_share,
            answer_above: m.answer_above,
            inputs: found.inputs,
            outputs: found.outputs,
            predicted: m.predicted,
            mean_micros: m.micros.checked_div(m.predicted),
            on_gold: on_gold(m.correct, m.items).filter(|_| !is_number),
            error_on_gold: error.filter(|_| is_number),
            message: m.message,
            created_at: m.created_at,
        })
    }
}

impl Labelling {
    /// A model of this tenant; of any tenant when none is given. One whose resource is gone is not there.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn model_get(&self, tenant: Option<TenantId>, id: ModelId) -> Result<Model> {
        let mut rows = self
            .model_rows(tenant, None, Some(id), Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Models of a project in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn model_list(
        &self,
        project: ProjectId,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Model>> {
        let after = after.unwrap_or_default();
        let items = self
            .model_rows(None, Some(project), None, after, limit + 1)
            .await?;
        Ok(Page::cut(items, limit, |m| m.id.0))
    }

    /// How often people's answers are what the model says, by whether they began with it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn model_prefilled(&self, id: ModelId) -> Result<Prefilled> {
        let rows = sqlx::query!(
            "select shown as \"shown!\", answers as \"answers!\", alike as \"alike!\" from model_prefilled_v1($1)",
            id.0
        )
        .fetch_all(&self.calls)
        .await?;
        let mut prefilled = Prefilled::default();
        for row in rows {
            let share = share(row.alike, row.answers);
            match row.shown {
                true => prefilled.shown = share,
                false => prefilled.blind = share,
            }
        }
        Ok(prefilled)
    }

    /// What became of the answers that a model gave; those that its owner took back are not told of.
    ///
    /// # Errors
    /// The database failed.
    pub async fn model_answered(&self, id: ModelId) -> Result<Answered> {
        let answered = sqlx::query_as!(
            Answered,
            "select in_review as \"in_review!\", approved as \"approved!\", rejected as \"rejected!\" from model_answered_v1($1)",
            id.0
        );
        Ok(answered.fetch_one(&self.calls).await?)
    }

    async fn model_rows(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        id: Option<ModelId>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Model>> {
        let rows = sqlx::query_as!(
            Row,
            "select id, tenant_id, project_id, namespace, name, bound_uid, state, source_path, sha256, size_bytes, input, output, replicas, predict_always, prefill, blind_share, answer_above, found, predicted, micros, created_at,
                    g.correct as \"correct!\", g.items as \"items!\", g.distances as \"distances!\", g.mean_absolute, g.deviation, g.bias,
                    (select message from runs where target_id = models.id order by created_at desc limit 1) as message
             from models cross join lateral model_on_gold_v2(models.id) g where ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or project_id = $2) and ($3::uuid is null or id = $3) and id > $4
               and bound_uid is not null
             order by id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter().map(Model::try_from).collect()
    }
}
