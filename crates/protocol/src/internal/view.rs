//! What the platform answers to an upsert: how a resource stands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{BillingStatus, DatasetState, ExportState, ProjectState, WebhookState};
use crate::{
    chunk::RejectedRow,
    ids::{DatasetId, ExportId, ModelId, PredictionId, ProjectId, RunId},
    model::{ModelOnGold, ModelState, NumberError, PredictionState, Tensor},
    run::{RunOutcome, RunReason},
};

/// What a project may still spend, in judgements (tasks × `answersPerTask`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Billing {
    /// Whether the client paid.
    pub status: BillingStatus,
    /// Judgements granted.
    pub quota: i64,
    /// Judgements spent.
    pub used: i64,
    /// Judgements spent beyond the quota, after a refund.
    pub debt: i64,
}

/// Task counters of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCounts {
    /// All tasks.
    pub total: i64,
    /// Tasks with all their answers approved.
    pub approved: i64,
    /// Tasks that ended with fewer approved answers than asked for.
    pub rejected: i64,
    /// Tasks and answers that nobody left may take or review.
    pub starved: i64,
}

/// What the last fit tells of a project's answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityNumbers {
    /// Share of pairs of answers to a task that are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// Mean confidence of labels.
    pub confidence: f64,
}

/// The platform's answer to a project's upsert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    /// Platform id.
    pub id: ProjectId,
    /// Where its life stands.
    pub state: ProjectState,
    /// What it may spend.
    pub billing: Billing,
    /// Datasets that belong to it.
    pub datasets: i64,
    /// Task counters.
    pub tasks: TaskCounts,
    /// How good its answers are; absent where they make no label, and before the first fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityNumbers>,
    /// Version of the labeling in force.
    pub labeling_version: i32,
    /// Why the spec is not in force, with the remedy; the last accepted one stays in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// True when this upsert found the rows of an earlier resource and took them over.
    #[serde(default)]
    pub adopted: bool,
    /// True while people still work on it: look again soon.
    pub unfinished: bool,
}

/// The latest run of a dataset or export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// The run.
    pub id: RunId,
    /// Uid of the resource that began it.
    pub uid: Uuid,
    /// Its attempt.
    pub attempt: i32,
    /// How it ended; absent while it may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RunOutcome>,
    /// Why it failed or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RunReason>,
    /// A sentence for the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// True when this attempt loaded rows that its predecessor had not.
    pub progressed: bool,
}

/// The platform's answer to a dataset's upsert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetView {
    /// Platform id.
    pub id: DatasetId,
    /// Where its life stands.
    pub state: DatasetState,
    /// State of its project.
    pub project_state: ProjectState,
    /// The project's budget, for the payment gate's message.
    pub billing: Billing,
    /// Records of the source; known when a run succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<i64>,
    /// Rows that became tasks so far.
    pub tasks_created: i64,
    /// Rows that became gold so far.
    #[serde(default, skip_serializing_if = "crate::chunk::is_zero")]
    pub gold_items: i64,
    /// Rows refused so far.
    pub rows_rejected: i64,
    /// The first refused rows.
    #[serde(default)]
    pub rejected_rows: Vec<RejectedRow>,
    /// Rows of empty cells, which are neither tasks nor refused.
    #[serde(default)]
    pub rows_blank: i64,
    /// How the source is read, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<crate::source::Dialect>,
    /// What the client should know though nothing was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Batches so far.
    pub batches: i32,
    /// The source, once pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<crate::run::SourceFound>,
    /// True while a corrected file under the same name would be read: none was accepted, and no row of one was loaded.
    #[serde(default)]
    pub replaceable: bool,
    /// The latest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
    /// When the first run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the last row was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// True when this upsert found the rows of an earlier resource and took them over.
    #[serde(default)]
    pub adopted: bool,
    /// True while tasks are unfinished: look again soon.
    pub unfinished: bool,
    /// True while tasks of rows that were taken over wait for quota.
    #[serde(default)]
    pub unpaid: bool,
    /// Of an inbox: how many models of its project are kept loaded for it. Absent for every other dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_models: Option<i64>,
}

/// The platform's answer to an export's upsert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportView {
    /// Platform id.
    pub id: ExportId,
    /// Where its life stands.
    pub state: ExportState,
    /// True when its trigger has fired: a run may begin.
    pub due: bool,
    /// What it waits for, when it is not due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// Records written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// SHA-256 in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `s3://bucket/key` of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Largest approval sequence it contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<i64>,
    /// When the file is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When the file was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The latest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
}

/// The platform's answer to a model's upsert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    /// Platform id.
    pub id: ModelId,
    /// Where its life stands.
    pub state: ModelState,
    /// SHA-256 of its file in hexadecimal, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size of its file in bytes, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Its inputs, as they were found in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Tensor>,
    /// Its outputs, as they were found in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Tensor>,
    /// Items that it predicted.
    pub predicted: i64,
    /// Mean time of one of them in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_micros: Option<i64>,
    /// How often it says of gold what is right; absent while it predicted none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_gold: Option<ModelOnGold>,
    /// Of a model of numbers, instead: how far they are from those of gold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_on_gold: Option<NumberError>,
    /// The latest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
}

/// The platform's answer to a prediction's upsert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionView {
    /// Platform id.
    pub id: PredictionId,
    /// Where its life stands.
    pub state: PredictionState,
    /// True when a run may begin: the model may be applied, and the dataset is generated.
    pub due: bool,
    /// What it waits for, when it is not due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// Items of the dataset, once it is generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<i64>,
    /// Items with a prediction.
    pub predicted: i64,
    /// Items without one.
    pub failed: i64,
    /// The first of these; a line is the record's number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_items: Vec<RejectedRow>,
    /// When the first run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the last item was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The latest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
}

/// The platform's answer to a webhook's upsert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    /// Platform id.
    pub id: Uuid,
    /// Whether events reach it.
    pub state: WebhookState,
    /// Since when every attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// Why the platform gave it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Events that wait to be sent.
    pub pending: i64,
    /// True when this upsert found an endpoint that no resource spoke for, and took it over.
    #[serde(default)]
    pub adopted: bool,
}
