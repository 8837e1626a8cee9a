//! Predictions: a model's answers to the items of a dataset.

pub mod accuracy;
pub mod create;
pub mod delete;
pub mod get;
pub mod items;
pub mod list;
pub mod manifest;

use chrono::{DateTime, Utc};
use datacrowd_labelling::Prediction;
use datacrowd_protocol::{
    Upper,
    model::{ItemFailure, PredictionState},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::routes::condition::ConditionBody;

/// A model's answers to the items of a dataset.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionBody {
    id: Uuid,
    project_id: Uuid,
    name: String,
    namespace: String,
    model_id: Uuid,
    model_name: String,
    dataset_id: Uuid,
    dataset_name: String,
    #[schema(value_type = String, example = "READY")]
    state: Upper<PredictionState>,
    /// Of the dataset, once it is generated.
    items: Option<i64>,
    /// Items with a prediction.
    predicted: i64,
    /// Items without one.
    failed: i64,
    /// The first of these.
    failed_items: Vec<FailedItemBody>,
    /// Why it failed.
    message: Option<String>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Of the resource. Absent in lists and answers to changes, and where the cluster does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<ConditionBody>>,
}

/// An item without a prediction.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedItemBody {
    /// Its record number in the dataset's source.
    row_no: i64,
    #[schema(value_type = String, example = "UNDECODABLE")]
    reason: Upper<ItemFailure>,
    message: String,
}

impl From<Prediction> for PredictionBody {
    fn from(p: Prediction) -> Self {
        let failed_items = p.failed_items.into_iter();
        Self {
            id: p.id.0,
            project_id: p.project.0,
            name: p.name,
            namespace: p.namespace,
            model_id: p.model.0,
            model_name: p.model_name,
            dataset_id: p.dataset.0,
            dataset_name: p.dataset_name,
            state: Upper(p.state),
            items: p.items,
            predicted: p.predicted,
            failed: p.failed,
            failed_items: failed_items
                .map(|(row_no, reason, message)| FailedItemBody {
                    row_no,
                    reason: Upper(reason),
                    message,
                })
                .collect(),
            message: p.message,
            started_at: p.started_at,
            completed_at: p.completed_at,
            created_at: p.created_at,
            conditions: None,
        }
    }
}
