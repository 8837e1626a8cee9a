//! The Export resource: approved answers as a file.

use datacrowd_protocol::{
    export::{ExportFormat, ExportTrigger, RowPer},
    internal::ExportState,
    source::DeletionPolicy,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::Condition,
    dataset::{JobRef, ProjectRef},
};

/// The approved answers of a Project, or of one of its Datasets, as a file.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Export",
    namespaced,
    status = "ExportStatus",
    derive = "PartialEq",
    doc = "The approved answers of a Project, or of one of its Datasets, as a file.",
    shortname = "dce",
    category = "datacrowd",
    selectable = ".spec.projectRef.name",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.projectRef.name"),
    printcolumn(name = "Format", type_ = "string", json_path = ".spec.format"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Rows", type_ = "integer", json_path = ".status.rows"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Uri", type_ = "string", json_path = ".status.uri", priority = "1"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
#[x_kube(validation = Rule::new("self == oldSelf").message("an Export is immutable; apply one under a new name"))]
pub struct ExportSpec {
    /// The Project whose answers are exported.
    pub project_ref: ProjectRef,
    /// One Dataset of the Project; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_ref: Option<DatasetRef>,
    /// How the file is written.
    pub format: ExportFormat,
    /// When the answers are taken; Now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<ExportTrigger>,
    /// What one record is; Answer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_per: Option<RowPer>,
    /// Only answers approved after this watermark of an earlier export (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub since: Option<i64>,
    /// True: CSV cells are written as they are, also those a spreadsheet would take for a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_cells: Option<bool>,
    /// True: a CSV begins with a byte order mark, by which Excel knows UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bom: Option<bool>,
    /// True: each record also holds what models say of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<bool>,
}

impl ExportSpec {
    /// Effective trigger.
    #[must_use]
    pub fn trigger(&self) -> ExportTrigger {
        self.trigger.unwrap_or(ExportTrigger::Now)
    }
}

/// Names a Dataset of the same namespace.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetRef {
    /// The Dataset's name.
    #[schemars(length(min = 1, max = 45))]
    pub name: String,
}

/// What the operator saw of an Export.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportStatus {
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
    pub state: Option<ExportState>,
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
    /// Records written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub rows: Option<i64>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub size_bytes: Option<i64>,
    /// SHA-256 of the file in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub sha256: Option<String>,
    /// `s3://bucket/key` of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1100))]
    pub uri: Option<String>,
    /// Largest approval sequence it contains; the `since` of the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub watermark: Option<i64>,
    /// When the file is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// When the file was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Ready, Succeeded, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
