//! Predictions as their owners see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ModelId, PredictionId, ProjectId, ResourceUid, TaskId, TenantId},
    model::{ItemFailure, PredictionState},
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::FailedItem;
use crate::{Error, Labelling, Page, Refusal, Result, projects::from_column};

/// A prediction as its owner sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct Prediction {
    pub id: PredictionId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub model: ModelId,
    pub model_name: String,
    pub dataset: DatasetId,
    pub dataset_name: String,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub state: PredictionState,
    pub items: Option<i64>,
    pub predicted: i64,
    pub failed: i64,
    /// The first items without a prediction: record number, kind of reason, sentence.
    pub failed_items: Vec<(i64, ItemFailure, String)>,
    /// Why it is as it is, where there is more to say than its state.
    pub message: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A prediction as it is stored, with its latest run's word.
struct Row {
    id: PredictionId,
    tenant_id: TenantId,
    project_id: ProjectId,
    model_id: ModelId,
    model_name: String,
    dataset_id: DatasetId,
    dataset_name: String,
    namespace: String,
    name: String,
    bound_uid: Option<Uuid>,
    state: String,
    items: Option<i64>,
    predicted: i64,
    failed: i64,
    failed_items: Json<Vec<FailedItem>>,
    message: Option<String>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Prediction {
    type Error = Error;

    fn try_from(p: Row) -> Result<Self> {
        let failed = p.failed_items.0.into_iter();
        Ok(Self {
            id: p.id,
            tenant: p.tenant_id,
            project: p.project_id,
            model: p.model_id,
            model_name: p.model_name,
            dataset: p.dataset_id,
            dataset_name: p.dataset_name,
            namespace: p.namespace,
            name: p.name,
            bound_uid: p.bound_uid.map(ResourceUid),
            state: from_column("prediction state", &p.state)?,
            items: p.items,
            predicted: p.predicted,
            failed: p.failed,
            failed_items: failed
                .map(|item| (item.row_no, item.reason, item.message))
                .collect(),
            message: p.message,
            started_at: p.started_at,
            completed_at: p.completed_at,
            created_at: p.created_at,
        })
    }
}

/// What a model says of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionItem {
    /// Its task; none of gold.
    pub task: Option<TaskId>,
    /// Its record number in the source.
    pub row_no: i64,
    /// Value of the project's `externalIdColumn`.
    pub external_id: Option<String>,
    /// The label, as a person would give it, or the number.
    pub label: Value,
    /// Its probability; none of a number.
    pub probability: Option<f64>,
    /// Each label's probability; of a number, nothing.
    pub probabilities: BTreeMap<String, f64>,
}

impl Labelling {
    /// A prediction of this tenant; of any tenant when none is given. One whose resource is gone is not there.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn prediction_get(
        &self,
        tenant: Option<TenantId>,
        id: PredictionId,
    ) -> Result<Prediction> {
        let mut rows = self
            .prediction_rows(tenant, None, Some(id), Uuid::nil(), 1)
            .await?;
        rows.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Predictions of a project in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prediction_list(
        &self,
        project: ProjectId,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Prediction>> {
        let after = after.unwrap_or_default();
        let items = self
            .prediction_rows(None, Some(project), None, after, limit + 1)
            .await?;
        Ok(Page::cut(items, limit, |p| p.id.0))
    }

    /// What the model says of the dataset's items, in the order of their record numbers, behind one of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prediction_items(
        &self,
        prediction: &Prediction,
        after: i64,
        limit: i64,
    ) -> Result<Page<PredictionItem, i64>> {
        let rows = sqlx::query!(
            r#"select s.id, s.row_no as "row_no!", s.external_id, s.label as "label!", s.probability,
                      s.probabilities as "probabilities!: Json<BTreeMap<String, f64>>"
             from (
                 (select t.id, t.row_no, t.external_id, p.label, p.probability, p.probabilities
                  from tasks t join predictions p on p.task_id = t.id and p.model_id = $2
                  where t.dataset_id = $1 and t.row_no > $3 order by t.row_no limit $4)
                 union all
                 (select null, i.row_no, null, p.label, p.probability, p.probabilities
                  from gold_items i join gold_predictions p on p.item_id = i.id and p.model_id = $2
                  where i.dataset_id = $1 and i.row_no > $3 order by i.row_no limit $4)) s
             order by s.row_no limit $4"#,
            prediction.dataset.0,
            prediction.model.0,
            after,
            limit + 1
        )
        .fetch_all(&self.calls)
        .await?;
        let items = rows.into_iter().map(|r| PredictionItem {
            task: r.id.map(TaskId),
            row_no: r.row_no,
            external_id: r.external_id,
            label: r.label,
            probability: r.probability,
            probabilities: r.probabilities.0,
        });
        Ok(Page::cut(items.collect(), limit, |item| item.row_no))
    }

    async fn prediction_rows(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        id: Option<PredictionId>,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<Prediction>> {
        let rows = sqlx::query_as!(
            Row,
            "select p.id, p.tenant_id, p.project_id, p.model_id, m.name as model_name, p.dataset_id, d.name as dataset_name, p.namespace, p.name,
                    p.bound_uid, p.state, case when d.state in ('ready', 'completed') then case when d.gold is null then d.tasks_created else d.gold_items end end as items, p.predicted, p.failed,
                    p.failed_items as \"failed_items: Json<Vec<FailedItem>>\",
                    (select message from runs where target_id = p.id order by created_at desc limit 1) as message,
                    p.started_at, p.completed_at, p.created_at
             from prediction_jobs p join models m on m.id = p.model_id join datasets d on d.id = p.dataset_id
             where ($1::uuid is null or p.tenant_id = $1) and ($2::uuid is null or p.project_id = $2) and ($3::uuid is null or p.id = $3)
               and p.id > $4 and p.bound_uid is not null
             order by p.id limit $5",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            id.map(|i| i.0),
            after,
            limit
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter().map(Prediction::try_from).collect()
    }
}
