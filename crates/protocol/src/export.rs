//! What leaves the platform: approved answers as records.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{ids::TaskId, labeling::ConsensusMethod, raw::RawJson, wire_enum};

wire_enum! {
    /// How an export is written.
    pub enum ExportFormat {
        /// One JSON object per line.
        #[serde(rename = "JSONL")]
        Jsonl = "JSONL" / "jsonl",
        /// RFC 4180, with a header line.
        #[serde(rename = "CSV")]
        Csv = "CSV" / "csv",
    }
}

impl ExportFormat {
    /// File extension without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Media type of the object.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

wire_enum! {
    /// When an export is taken.
    pub enum ExportTrigger {
        /// At once.
        Now = "NOW" / "now",
        /// When its datasets are completed or the project is closed.
        WhenCompleted = "WHEN_COMPLETED" / "when_completed",
    }
}

wire_enum! {
    /// What one record is.
    pub enum RowPer {
        /// One approved answer.
        Answer = "ANSWER" / "answer",
        /// One task, with its approved answers in a list.
        Task = "TASK" / "task",
    }
}

/// CSV columns of an export, without their `source.` and `answer.` prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportColumns {
    /// Columns of the sources, each in the order of the source that named it first.
    pub source: Vec<String>,
    /// Fields of the answers.
    pub answer: Vec<String>,
    /// What could be chosen, in the form's order, for fields with several choices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, Vec<String>>,
    /// Models whose predictions the records hold, by name; none unless the export asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<String>,
}

/// What a model says of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionRecord {
    /// The label, as a person would give it, or the number.
    #[schema(value_type = serde_json::Value)]
    pub label: RawJson,
    /// Its probability, from 0 to 1; absent of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Each label's probability; absent of a number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
}

/// One approved answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerRecord {
    /// The answer, per field.
    pub answer: RawJson,
    /// Pseudonym of the worker, stable within a tenant.
    pub worker_id: String,
    /// Name of the model whose answer this is; absent of people's, and unless the export asks for predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models with whose word a person began; absent where they began with none, and unless the export asks for predictions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begun_with: Vec<String>,
    /// Version of the labeling under which it was given.
    pub labeling_version: i32,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When it was approved.
    pub approved_at: DateTime<Utc>,
    /// Time on the task in seconds, as the worker's client reported it, else since the claim.
    pub seconds_spent: f64,
}

/// One task and its approved answers, as the internal API serves them; the runner writes the records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRecord {
    /// The task.
    pub task_id: TaskId,
    /// The dataset it came from.
    pub dataset_id: Uuid,
    /// Its record number in the source.
    pub row_no: i64,
    /// Value of the project's `externalIdColumn`.
    pub external_id: Option<String>,
    /// All columns of the source.
    pub source: RawJson,
    /// What each model says of it, by the model's name; absent unless the export asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<BTreeMap<String, PredictionRecord>>,
    /// The approved answers at the watermark, by their sequence.
    pub answers: Vec<AnswerRecord>,
}

/// How an export of tasks makes one label of the answers to each; fixed at the watermark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportConsensus {
    /// The field whose values become one.
    pub field: String,
    /// How.
    pub method: ConsensusMethod,
    /// Whether a second file tells of each worker, `workers.jsonl`. False of exports of the release before.
    #[serde(default)]
    pub workers: bool,
}

/// What one worker said of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivenLabel {
    /// The task.
    pub task_id: TaskId,
    /// Pseudonym of the worker, stable within a tenant.
    pub worker_id: String,
    /// The value of the field.
    #[schema(value_type = serde_json::Value)]
    pub label: RawJson,
}

/// What the owner decided of one task: it overrules every method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecidedLabel {
    /// The task.
    pub task_id: TaskId,
    /// The value of the field.
    #[schema(value_type = serde_json::Value)]
    pub label: RawJson,
}

/// A page of `GET /internal/exports/{id}/labels`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelPage {
    /// Approved answers of the whole project up to the watermark, by their sequence: skill is learned from all of them,
    /// whichever of them the export holds.
    pub items: Vec<GivenLabel>,
    /// Decisions of the owner that hold at the watermark, by their sequence, which is that of approvals.
    #[serde(default)]
    pub decisions: Vec<DecidedLabel>,
    /// Where the next page begins; absent at the end.
    pub next_cursor: Option<String>,
}

/// A page of `GET /internal/exports/{id}/answers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportPage {
    /// Tasks in ascending order of their id, each whole.
    pub items: Vec<TaskRecord>,
    /// Where the next page begins; absent at the end.
    pub next_cursor: Option<String>,
}
