//! The Dataset resource: a file that becomes tasks.

use std::collections::BTreeMap;

use datacrowd_protocol::{
    files::{Companions, Patterns, Selection},
    internal::DatasetState,
    labeling::{GoldColumns, Purpose},
    source::{DeletionPolicy, Delimiter, Encoding, SourceFormat, is_archive},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Where a Dataset's rows come from.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// `s3://bucket/key`, or `s3://bucket/folder/` with a slash at its end, or a `.zip`. In the platform's bucket the key begins with the
    /// namespace's name.
    #[schemars(length(min = 8, max = 1100), regex(pattern = r"^s3://[^/]+/.+$"))]
    pub uri: String,
    /// How rows are separated, or Files for a folder or a zip; from the end of the URI when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SourceFormat>,
    /// What separates the cells of a CSV; Comma when absent. A first line `sep=;` is honoured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// How characters are written; Utf8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// True: quoted cells may span more than 100 lines and 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiline: Option<bool>,
    /// Of a folder: only files that one of these patterns matches, such as `*.wav` (a name in any folder) or `2026/**`. All when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub include: Vec<String>,
    /// Of a folder: no file that one of these patterns matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub exclude: Vec<String>,
    /// Of a folder: SameStem makes columns of the `.json` and the `.txt` that lie beside a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Companions>,
    /// Secret of the same namespace with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, for a bucket of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
}

impl Source {
    /// What it is, and for a folder which of its files are rows.
    ///
    /// # Errors
    /// A sentence, without its stop, that says what to write instead.
    pub fn kind(&self) -> Result<(SourceFormat, Option<Selection>), String> {
        let format = SourceFormat::of(self.format, &self.uri)?;
        let selection = Selection {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            companions: self.companions,
        };
        let is_folder = format == SourceFormat::Files;
        let written =
            self.delimiter.is_some() || self.encoding.is_some() || self.multiline.is_some();
        match () {
            () if is_folder && written => Err(
                "source.delimiter, source.encoding and source.multiline say how a file of rows is written; remove them for a folder".to_owned(),
            ),
            () if !is_folder && selection != Selection::default() => Err(
                "source.include, source.exclude and source.companions belong to a folder; remove them, or end source.uri in /".to_owned(),
            ),
            () if is_archive(&self.uri) && self.credentials_secret_ref.is_some() => Err(
                "A zip is unpacked in the platform's bucket only; put it there and leave source.credentialsSecretRef out".to_owned(),
            ),
            () if is_folder => {
                let _: Patterns = selection.patterns().map_err(|why| why.to_string())?;
                Ok((format, Some(selection)))
            }
            () => Ok((format, None)),
        }
    }
}

/// Names a Secret of the same namespace.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
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
