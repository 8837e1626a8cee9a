//! The Prediction resource: a Model applied to the items of a Dataset.

use datacrowd_protocol::{model::PredictionState, source::DeletionPolicy};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::Condition,
    dataset::{JobRef, ProjectRef},
    export::DatasetRef,
};

/// Most items without a prediction that the status shows.
pub const SHOWN_FAILED_ITEMS: usize = 10;

/// A Model's answers to the items of a Dataset.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Prediction",
    namespaced,
    status = "PredictionStatus",
    derive = "PartialEq",
    doc = "A Model's answers to the items of a Dataset.",
    shortname = "dcpr",
    category = "datacrowd",
    selectable = ".spec.projectRef.name",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.projectRef.name"),
    printcolumn(name = "Model", type_ = "string", json_path = ".spec.modelRef.name"),
    printcolumn(name = "Dataset", type_ = "string", json_path = ".spec.datasetRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Items", type_ = "integer", json_path = ".status.items"),
    printcolumn(name = "Predicted", type_ = "integer", json_path = ".status.predicted"),
    printcolumn(name = "Failed", type_ = "integer", json_path = ".status.failed"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
#[x_kube(validation = Rule::new("self == oldSelf").message("a Prediction is immutable; apply one under a new name"))]
pub struct PredictionSpec {
    /// The Project of the Model and of the Dataset.
    pub project_ref: ProjectRef,
    /// The Model that answers.
    pub model_ref: ModelRef,
    /// The Dataset whose items it answers.
    pub dataset_ref: DatasetRef,
}

/// Names a Model of the same namespace.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelRef {
    /// The Model's name.
    #[schemars(length(min = 1, max = 45))]
    pub name: String,
}

/// What the operator saw of a Prediction.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionStatus {
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
    pub state: Option<PredictionState>,
    /// The Project's deletion policy as last seen: what happens to the rows if the Project is gone first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Number of the latest attempt, from 1.
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
    /// Items of the Dataset, once it is generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub items: Option<i64>,
    /// Items with a prediction so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub predicted: Option<i64>,
    /// Items without one so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub failed: Option<i64>,
    /// The first items without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub failed_items: Vec<FailedItem>,
    /// When the first run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the last item was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Ready, Succeeded, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// An item that has no prediction.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedItem {
    /// Number of its record in the Dataset's source, from 1.
    #[schemars(range(min = 0))]
    pub line: i64,
    /// Why.
    #[schemars(length(max = 512))]
    pub reason: String,
}
