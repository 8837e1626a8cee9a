//! The Dataset resource: a file that becomes tasks.

mod source;

use std::collections::BTreeMap;

use datacrowd_protocol::{
    internal::DatasetState,
    labeling::{GoldColumns, Purpose},
    source::{DeletionPolicy, Delimiter, Encoding, SourceFormat},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::source::{Inbox, SecretRef, Source};
use crate::condition::Condition;

/// Refused rows tolerated when `maxInvalidRows` is absent.
pub const DEFAULT_MAX_INVALID_ROWS: i64 = 10;
/// Tasks per batch when `batchSize` is absent.
pub const DEFAULT_BATCH_SIZE: i32 = 100;

/// A file whose rows become the tasks of a Project.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Dataset",
    namespaced,
    status = "DatasetStatus",
    derive = "PartialEq",
    doc = "A file whose rows become the tasks of a Project.",
    shortname = "dcd",
    category = "datacrowd",
    selectable = ".spec.projectRef.name",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.projectRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Tasks", type_ = "integer", json_path = ".status.tasksCreated"),
    printcolumn(name = "Rejected", type_ = "integer", json_path = ".status.rowsRejected"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Attempt", type_ = "integer", json_path = ".status.attempt", priority = "1"),
    printcolumn(name = "Job", type_ = "string", json_path = ".status.jobRef.name", priority = "1"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
#[x_kube(validation = Rule::new("has(self.batchSize) == has(oldSelf.batchSize) && (!has(self.batchSize) || self.batchSize == oldSelf.batchSize)").message("batchSize is immutable; apply a Dataset under a new name"))]
#[x_kube(validation = Rule::new("has(self.purpose) == has(oldSelf.purpose) && has(self.goldColumns) == has(oldSelf.goldColumns) && has(self.explainColumn) == has(oldSelf.explainColumn)").message("purpose, goldColumns and explainColumn are immutable; apply a Dataset under a new name"))]
#[x_kube(validation = Rule::new("(has(self.purpose) && self.purpose == 'Gold') == has(self.goldColumns) && (!has(self.explainColumn) || has(self.goldColumns))").message("goldColumns is required with the purpose Gold, and goldColumns and explainColumn belong to it only"))]
#[x_kube(validation = Rule::new("(has(self.source.format) && self.source.format == 'Inbox') != has(self.source.uri)").message("source.uri is required, except with the format Inbox, which has none"))]
#[x_kube(validation = Rule::new("!has(self.source.inbox) || (has(self.source.inbox.crowd) && self.source.inbox.crowd == 'Uncertain' ? has(self.source.inbox.askBelow) : !has(self.source.inbox.askBelow) && !has(self.source.inbox.holdSeconds))").message("source.inbox.askBelow is required with crowd: Uncertain, and askBelow and holdSeconds belong to it only"))]
pub struct DatasetSpec {
    /// The Project whose tasks the rows become. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("projectRef is immutable; apply a Dataset under a new name"))]
    pub project_ref: ProjectRef,
    /// Where the rows come from. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("source is immutable; apply a Dataset under a new name"))]
    pub source: Source,
    /// Tasks per batch; 100 when absent. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub batch_size: Option<i32>,
    /// True: no run begins, and a running Job is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// Rows that may be refused before the run fails; 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub max_invalid_rows: Option<i64>,
    /// What the rows become: Work, tasks; or Gold, tasks whose right answer is known, which are mixed into the work by
    /// `labeling.gold` of the Project and cost nothing to load. Work when absent. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self == oldSelf").message("purpose is immutable; apply a Dataset under a new name"))]
    pub purpose: Option<Purpose>,
    /// Of gold: the column with the right answer, for each field whose answer is known. No worker sees these columns. Immutable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "gold_columns")]
    #[x_kube(validation = Rule::new("self == oldSelf").message("goldColumns is immutable; apply a Dataset under a new name"))]
    pub gold_columns: BTreeMap<String, String>,
    /// Of gold: the column that says why, for workers who are wrong while they are new. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("explainColumn is immutable; apply a Dataset under a new name"))]
    pub explain_column: Option<String>,
}

fn gold_columns(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object", "minProperties": 1, "maxProperties": 50,
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 128}
    })
}

impl DatasetSpec {
    /// Refuses what is said of the rows of an Inbox, which has none.
    ///
    /// # Errors
    /// The member, and a sentence.
    pub fn inbox_only(&self) -> Result<(), (&'static str, &'static str)> {
        let said = [
            ("batchSize", self.batch_size.is_some()),
            ("maxInvalidRows", self.max_invalid_rows.is_some()),
            ("purpose", self.purpose == Some(Purpose::Gold)),
        ];
        let said = said.into_iter().find(|(_, is_said)| *is_said);
        match (self.source.format, said) {
            (Some(SourceFormat::Inbox), Some((member, _))) => {
                Err((member, "belongs to rows, and an Inbox has none; remove it"))
            }
            _ => Ok(()),
        }
    }

    /// Where its rows say what is right, when they are gold.
    ///
    /// # Errors
    /// The member that does not fit the others, and a sentence.
    pub fn gold(&self) -> Result<Option<GoldColumns>, (&'static str, &'static str)> {
        let explain = self.explain_column.clone();
        GoldColumns::of(self.purpose, self.gold_columns.clone(), explain)
    }

    /// Effective number of tolerated refused rows.
    #[must_use]
    pub fn max_invalid_rows(&self) -> i64 {
        self.max_invalid_rows.unwrap_or(DEFAULT_MAX_INVALID_ROWS)
    }

    /// Effective number of tasks per batch.
    #[must_use]
    pub fn batch_size(&self) -> i32 {
        self.batch_size.unwrap_or(DEFAULT_BATCH_SIZE)
    }

    /// Whether the client holds it back.
    #[must_use]
    pub fn suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }
}

/// Names a Project of the same namespace.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectRef {
    /// The Project's name.
    #[schemars(length(min = 1, max = 45))]
    pub name: String,
}

/// What the operator saw of a Dataset.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetStatus {
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
    pub state: Option<DatasetState>,
    /// The Project's deletion policy as last seen: what happens to the rows if the Project is gone first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Number of the latest attempt, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub attempt: Option<i32>,
    /// `maxInvalidRows` as the latest attempt took it; a failed attempt is followed by another when the spec's differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_invalid_rows: Option<i64>,
    /// The retry annotation that was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub observed_retry_at: Option<String>,
    /// The latest attempt's Job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_ref: Option<JobRef>,
    /// The source, once pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PinnedSource>,
    /// Records of the source; known when the run succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub total_rows: Option<i64>,
    /// Rows that became tasks so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub tasks_created: Option<i64>,
    /// Rows that became gold so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub gold_items: Option<i64>,
    /// Rows refused so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub rows_rejected: Option<i64>,
    /// The first refused rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub rejected_rows: Vec<RejectedRow>,
    /// Rows of empty cells, which are neither tasks nor refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub rows_blank: Option<i64>,
    /// What separates the cells of the file: what was asked for, or what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// How the file's characters are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// What the client should know of the file though nothing was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 4096)), extend("x-kubernetes-list-type" = "atomic"))]
    pub notices: Vec<String>,
    /// Batches so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub batches: Option<i32>,
    /// When the first run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the last row was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Ready, Succeeded, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// A Job, by name and incarnation.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRef {
    /// The Job's name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The Job's uid.
    #[schemars(length(min = 1, max = 36))]
    pub uid: String,
}

/// A source object as the first run found it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedSource {
    /// The object's ETag, with its quotes.
    #[schemars(length(max = 256))]
    pub etag: String,
    /// The object's size in bytes.
    #[schemars(range(min = 0))]
    pub size_bytes: i64,
}

/// A row that became no task.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedRow {
    /// Line of the file, from 1.
    #[schemars(range(min = 0))]
    pub line: i64,
    /// Why.
    #[schemars(length(max = 512))]
    pub reason: String,
}
