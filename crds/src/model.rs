//! The Model resource: a trained model that answers a question of a Project.

use datacrowd_protocol::{
    model::{ModelInput, ModelOnGold, ModelOutput, ModelState, NumberError, Tensor},
    source::DeletionPolicy,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::Condition,
    dataset::{JobRef, ProjectRef},
};

/// Most inputs, and most outputs, of a file that the status shows.
pub const SHOWN_TENSORS: usize = 32;

/// A trained model that answers a question of a Project.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Model",
    namespaced,
    status = "ModelStatus",
    derive = "PartialEq",
    doc = "A trained model that answers a question of a Project.",
    shortname = "dcm",
    category = "datacrowd",
    selectable = ".spec.projectRef.name",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.projectRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Input", type_ = "string", json_path = ".spec.input.kind"),
    printcolumn(name = "Field", type_ = "string", json_path = ".spec.output.field"),
    printcolumn(name = "Predicted", type_ = "integer", json_path = ".status.predictedItems"),
    printcolumn(name = "Gold", type_ = "number", json_path = ".status.onGold.accuracy"),
    printcolumn(name = "Error", type_ = "number", json_path = ".status.errorOnGold.meanAbsolute", priority = "1"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Uri", type_ = "string", json_path = ".spec.source.uri", priority = "1"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
#[x_kube(validation = Rule::new("self.projectRef == oldSelf.projectRef && self.source == oldSelf.source && self.input == oldSelf.input && self.output == oldSelf.output").message("another model is another Model; apply one under a new name"))]
pub struct ModelSpec {
    /// The Project whose question it answers.
    pub project_ref: ProjectRef,
    /// The model's file, in ONNX.
    pub source: ModelSource,
    /// What it reads.
    pub input: ModelInput,
    /// What it answers.
    pub output: ModelOutput,
    /// How many predictors keep it loaded for items that arrive one at a time; none when absent. It may be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub replicas: Option<i32>,
    /// Whether a Prediction is made for each Dataset of the Project once its tasks, or its gold, are there. Always: by itself, and they go
    /// with the Model; not for an Inbox, whose items are predicted as they come. OnRequest: only those that somebody applies.
    /// OnRequest when absent. It may be changed: what was made stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<Predicts>,
    /// What becomes of what it says. It may be changed.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<ModelUse>,
}

/// What becomes of what a Model says.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelUse {
    /// Whether workers begin a task with what it says, once a Prediction over the task's Dataset is there, and one over each Dataset of gold.
    /// Gold is begun so, too. False when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<bool>,
    /// The part of the tasks that a worker begins without it all the same, from 0 to 1, so that what it does to people is measured; 0.1
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub blind_share: Option<f64>,
    /// A task of which it is at least so sure it answers as one of the project's workers, above 0 up to 1; none when absent. Not where the
    /// Project requires another field than `output.field`, nor where that is a number, of which no model says how sure it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.000_001, max = 1))]
    pub answer_above: Option<f64>,
}

/// Whether a Model's Predictions are made by themselves.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum Predicts {
    /// One for each Dataset.
    Always,
    /// Only those that somebody applies.
    OnRequest,
}

impl ModelSpec {
    /// Whether its Predictions are made by themselves.
    #[must_use]
    pub fn predict(&self) -> Predicts {
        self.predict.unwrap_or(Predicts::OnRequest)
    }

    /// Whether workers begin a task with what it says.
    #[must_use]
    pub fn prefill(&self) -> bool {
        let usage = self.usage.as_ref();
        usage.and_then(|usage| usage.prefill).unwrap_or(false)
    }

    /// Effective part of the tasks that are begun without it.
    #[must_use]
    pub fn blind_share(&self) -> f64 {
        let usage = self.usage.as_ref();
        usage.and_then(|usage| usage.blind_share).unwrap_or(0.1)
    }

    /// The probability from which on it answers; nothing where it never does.
    #[must_use]
    pub fn answer_above(&self) -> Option<f64> {
        self.usage.as_ref().and_then(|usage| usage.answer_above)
    }

    /// Effective number of predictors that keep it loaded.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(0)
    }
}

/// Where a model's file is.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelSource {
    /// `s3://bucket/key` of a file in the platform's bucket; the key begins with the namespace's name.
    #[schemars(length(min = 8, max = 1100), regex(pattern = r"^s3://[^/]+/.*[^/]$"))]
    pub uri: String,
    /// SHA-256 that the file must have, as 64 lower-case hexadecimal digits. When absent, the one that is found is in the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[0-9a-f]{64}$"))]
    pub sha256: Option<String>,
}

/// What the operator saw of a Model.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1))]
    pub observed_generation: Option<i64>,
    /// Platform id, for the REST API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub id: Option<String>,
    /// Where its life stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ModelState>,
    /// The Project's deletion policy as last seen: what happens to the rows if the Project is gone first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Number of the latest attempt to look at it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub attempt: Option<i32>,
    /// The retry annotation that was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub observed_retry_at: Option<String>,
    /// The latest attempt's Job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_ref: Option<JobRef>,
    /// How many predictors keep it loaded; absent while none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub predictors: Option<i32>,
    /// SHA-256 of the file in hexadecimal, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub sha256: Option<String>,
    /// Size of the file in bytes, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub size_bytes: Option<i64>,
    /// Inputs of the file, as they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub inputs: Vec<Tensor>,
    /// Outputs of the file, as they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub outputs: Vec<Tensor>,
    /// Items that it predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub predicted_items: Option<i64>,
    /// Mean time of one item, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub mean_micros: Option<i64>,
    /// How often it says of gold what is right, once it predicted some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_gold: Option<ModelOnGold>,
    /// Of a model of numbers, instead: how far they are from those of gold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_on_gold: Option<NumberError>,
    /// Ready, Succeeded, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
