//! Items that arrive one at a time: sent by their client, answered by the models of their project that are kept loaded, and by
//! people where their inbox says so.

pub mod create;
mod crowd;
pub mod get;
mod receive;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_labelling::{InboxItem, ItemWord, Said};
use datacrowd_protocol::{
    Upper, WireEnum,
    model::{ItemFailure, PredictedWindow},
    variants,
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::crowd::CrowdBody;
use crate::state::App;

/// What is asked of items.
pub fn asking() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get::item_get))
        .routes(routes!(get::item_status))
}

/// How items are sent.
pub fn sending() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::item_create))
        .routes(routes!(create::item_upload))
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemState {
    /// A model has not answered yet.
    Queued,
    /// Every model that could has answered.
    Predicted,
    /// No model could answer.
    Failed,
}

/// An item, and what models and people say of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemBody {
    item_id: Uuid,
    task_id: i64,
    /// The inbox's dataset.
    inbox: Uuid,
    state: ItemState,
    /// Each model that was asked.
    models: Vec<ModelWordBody>,
    /// Absent where people never are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    crowd: Option<CrowdBody>,
    created_at: DateTime<Utc>,
}

/// What one model says of an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelWordBody {
    /// The name of its resource.
    #[schema(example = "voice")]
    model: String,
    model_id: Uuid,
    /// SHA-256 of its file, in hexadecimal.
    version: Option<String>,
    state: ItemState,
    /// As a person would give it, once it is PREDICTED; a number where the question wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = "synthetic")]
    label: Option<serde_json::Value>,
    /// Of the label, from 0 to 1; absent of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.97)]
    probability: Option<f64>,
    /// The probability of each label.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"human": 0.03, "synthetic": 0.97}))]
    labels: BTreeMap<String, f64>,
    /// What it says of each window of a recording, in their order; of a long one, of as many windows together. Absent for a model of columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<PredictedWindow>,
    /// From the file's bytes to what is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 41.5)]
    millis: Option<f64>,
    /// Why it is FAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = failure_schema)]
    reason: Option<Upper<ItemFailure>>,
    /// The same as a sentence, with the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

fn failure_schema() -> RefOr<Schema> {
    let names: Vec<_> = ItemFailure::ALL.iter().copied().map(Upper).collect();
    variants(&names)
}

impl From<InboxItem> for ItemBody {
    fn from(item: InboxItem) -> Self {
        let models: Vec<_> = item.models.into_iter().map(ModelWordBody::from).collect();
        let is = |state| models.iter().any(|word| word.state == state);
        let state = match () {
            () if is(ItemState::Queued) => ItemState::Queued,
            () if is(ItemState::Predicted) => ItemState::Predicted,
            // Also when every model that was asked is gone.
            () => ItemState::Failed,
        };
        Self {
            item_id: item.id.0,
            task_id: item.task.0,
            inbox: item.inbox.0,
            state,
            models,
            crowd: item.crowd.map(CrowdBody::from),
            created_at: item.created_at,
        }
    }
}

impl From<ItemWord> for ModelWordBody {
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    fn from(word: ItemWord) -> Self {
        let mut body = Self {
            model: word.name,
            model_id: word.model.0,
            version: word.version,
            state: ItemState::Queued,
            label: None,
            probability: None,
            labels: BTreeMap::new(),
            windows: Vec::new(),
            millis: None,
            reason: None,
            message: None,
        };
        match word.said {
            None => {}
            Some(Said::Label {
                label,
                probability,
                probabilities,
                micros,
                windows,
            }) => {
                body.state = ItemState::Predicted;
                body.label = Some(label);
                body.probability = probability;
                body.labels = probabilities;
                body.windows = windows;
                body.millis = Some(micros as f64 / 1_000.0);
            }
            Some(Said::Failed(failure)) => {
                body.state = ItemState::Failed;
                body.reason = Some(Upper(failure.reason));
                body.message = Some(failure.message);
            }
        }
        body
    }
}
