//! Models: what was trained elsewhere and answers one of a project's questions.

pub mod create;
pub mod delete;
pub mod form;
pub mod get;
pub mod list;
pub mod manifest;
pub mod patch;
pub mod usage;

use chrono::{DateTime, Utc};
use datacrowd_labelling::Model;
use datacrowd_protocol::{
    Upper,
    model::{ModelOnGold, ModelState, NumberError, Tensor},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::{
    form::{InputBody, OutputBody},
    usage::{PredictBody, UseBody},
};
use crate::routes::condition::ConditionBody;

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelBody {
    id: Uuid,
    project_id: Uuid,
    name: String,
    namespace: String,
    #[schema(value_type = String, example = "READY")]
    state: Upper<ModelState>,
    source_uri: String,
    /// Of the file, in hexadecimal, once it was read.
    sha256: Option<String>,
    size_bytes: Option<i64>,
    input: InputBody,
    output: OutputBody,
    /// How many predictors keep it loaded for the items of an inbox.
    #[schema(example = 1)]
    replicas: i32,
    predict: PredictBody,
    r#use: UseBody,
    /// Of the file, as they were found.
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    /// Items that it predicted, over all predictions.
    predicted: i64,
    /// Mean time of one of them in microseconds.
    mean_micros: Option<i64>,
    /// How often it says of gold what is right; null while it predicted none.
    on_gold: Option<ModelOnGold>,
    /// Of a model of numbers, instead: how far they are from those of gold.
    error_on_gold: Option<NumberError>,
    /// Why it failed.
    message: Option<String>,
    created_at: DateTime<Utc>,
    /// Of the resource. Absent in lists and answers to changes, and where the cluster does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<ConditionBody>>,
}

impl From<Model> for ModelBody {
    fn from(m: Model) -> Self {
        Self {
            predict: PredictBody::of(&m),
            r#use: UseBody::of(&m),
            id: m.id.0,
            project_id: m.project.0,
            name: m.name,
            namespace: m.namespace,
            state: Upper(m.state),
            source_uri: m.source_uri,
            sha256: m.sha256,
            size_bytes: m.size_bytes,
            input: m.input.into(),
            output: m.output.into(),
            replicas: m.replicas,
            inputs: m.inputs,
            outputs: m.outputs,
            predicted: m.predicted,
            mean_micros: m.mean_micros,
            on_gold: m.on_gold,
            error_on_gold: m.error_on_gold,
            message: m.message,
            created_at: m.created_at,
            conditions: None,
        }
    }
}
