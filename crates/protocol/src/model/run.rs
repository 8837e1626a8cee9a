//! What runs of models and the platform say to each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemFailure, ModelInput, ModelOutput, Tensor};
use crate::{
    ids::{ModelId, PredictionId, TaskId},
    raw::RawJson,
};

/// A model, for whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOpened {
    /// The model.
    pub model_id: ModelId,
    /// `s3://bucket/key` of its file, for messages.
    pub uri: String,
    /// Presigned GET of its file.
    pub url: String,
    /// SHA-256 of its file in hexadecimal: what its spec pins, else what was found when it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What it reads.
    pub input: ModelInput,
    /// What it answers.
    pub output: ModelOutput,
}

/// What a run that looks at a model needs. `completed` true means: nothing to do, exit 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InspectOpened {
    /// Fences this opener's calls.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// The model. Its name in JSON tells this answer from the one that a predicting run gets.
    #[serde(rename = "inspectedModel")]
    pub model: ModelOpened,
}

/// `POST /internal/runs/{id}/model`: what a model's file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelFound {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// Size of the file in bytes.
    #[serde(deserialize_with = "crate::range::count")]
    pub size_bytes: i64,
    /// Its inputs.
    pub inputs: Vec<Tensor>,
    /// Its outputs.
    pub outputs: Vec<Tensor>,
}

/// What a predicting run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictOpened {
    /// Fences this opener's calls.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// What it writes to.
    pub prediction_id: PredictionId,
    /// The model.
    pub model: ModelOpened,
    /// Where to go on: the last item that was told of.
    pub after: i64,
    /// Items with a prediction so far.
    pub predicted: i64,
    /// Items without one so far.
    pub failed: i64,
}

/// `POST /internal/runs/{id}/items`: the next items of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemsRequest {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// `rowNo` of the last item of the page before; the `after` of `open` for the first.
    #[serde(deserialize_with = "crate::range::count")]
    pub after: i64,
}

/// An item to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictItem {
    /// Its task.
    pub task_id: TaskId,
    /// Its record number in the source.
    pub row_no: i64,
    /// Of Audio: where its file is; absent with a `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// ETag that the file must have, as `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Of Audio: the file's name, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of Columns: the cells that the model reads; a column that the item lacks is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub cells: BTreeMap<String, serde_json::Value>,
    /// Why there is nothing to predict: the platform knows already. It is told back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ItemFailed>,
    /// Of Audio: how many windows may be told of it; none when absent.
    #[serde(default, skip_serializing_if = "is_none")]
    pub windows: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_none(windows: &usize) -> bool {
    *windows == 0
}

/// Why an item has no prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemFailed {
    /// Which kind of reason.
    pub reason: ItemFailure,
    /// A sentence for the client, with the remedy; at most 200 characters are kept.
    pub message: String,
}

/// A page of items in the order of their record numbers. An empty one is the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemsPage {
    /// At most [`MOST_ITEMS`].
    pub items: Vec<PredictItem>,
}

/// `POST /internal/runs/{id}/predictions`: what came of items. Repeating it is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredictionsReport {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// One for each item of a page, in its order.
    pub items: Vec<Predicted>,
}

/// What came of one item: a label with its probability, a number, or a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicted {
    /// Its task.
    pub task_id: TaskId,
    /// Its record number in the source.
    #[serde(deserialize_with = "crate::range::ordinal")]
    pub row_no: i64,
    /// The label with the highest probability, as a person would give it, or the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value)]
    pub label: Option<RawJson>,
    /// Its probability, from 0 to 1; none of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Each label's probability.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
    /// Time from its bytes to what is said of it, in microseconds.
    #[serde(deserialize_with = "crate::range::count")]
    pub micros: i64,
    /// What is said of each window of a recording, in their order: at most as many as the item asked for, so that neighbours may be
    /// one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<PredictedWindow>,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ItemFailed>,
}

/// What a model says of a stretch of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"startSeconds": 1.0, "endSeconds": 3.0, "probabilities": {"human": 0.12, "synthetic": 0.88}}))]
pub struct PredictedWindow {
    /// Where it begins, from the recording's beginning.
    pub start_seconds: f64,
    /// Where it ends. A recording that is shorter than a window ends before.
    pub end_seconds: f64,
    /// Each label's probability; none of a number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// How far a prediction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionsTaken {
    /// Items with a prediction.
    pub predicted: i64,
    /// Items without one.
    pub failed: i64,
}
