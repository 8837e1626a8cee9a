//! Every type of event that clients are told of, what it says, and its JSON schema.
//!
//! A member is never taken from a type, nor does it change its meaning: that makes a type of the next version.

mod people;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use self::people::{InvitationData, WorkerData};

/// Of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectData {
    /// The project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
}

/// Of what may be spent in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaData {
    /// The project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
    /// Judgements that this grant stands for, all in all; of `granted` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgements: Option<i64>,
    /// The payment that grants them; none where they were granted by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub payment_id: Option<Uuid>,
    /// Judgements that are spent; of `low` and `exhausted` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<i64>,
}

/// Of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The dataset.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub dataset_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
    /// Rows that became tasks; of `ready` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Why, as its condition names it; of `failed` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Of a batch of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// Its dataset.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub dataset_id: Uuid,
    /// The batch.
    pub batch_id: i64,
    /// Tasks in it.
    pub tasks: i64,
    /// Those that are approved.
    pub approved: i64,
    /// Those that are rejected.
    pub rejected: i64,
}

/// Of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// Its dataset.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub dataset_id: Uuid,
    /// Its batch.
    pub batch_id: i64,
    /// The task.
    pub task_id: i64,
}

/// Of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// Its task's dataset.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub dataset_id: Uuid,
    /// Its task.
    pub task_id: i64,
    /// The answer.
    pub answer_id: i64,
    /// The reviewer's decision, APPROVED or REJECTED; of `review.decided` and `review.undone` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// Of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The export: GET /exports/{id}/download gives its file.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub export_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
    /// Records in its file; of `ready` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
}

/// Of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The model.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub model_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
}

/// Of a model's run over a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionData {
    /// Its project.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The dataset.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub dataset_id: Uuid,
    /// The run.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub prediction_id: Uuid,
    /// Its name in its namespace.
    pub name: String,
    /// Tasks that the model said something of.
    pub predicted: i64,
    /// Tasks that it could not read.
    pub failed: i64,
}

/// Of a payment. Amounts are in the currency's minor unit, such as cents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentData {
    /// The project that it is for.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub project_id: Uuid,
    /// The payment.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub payment_id: Uuid,
    /// Judgements that were bought.
    pub judgements: i64,
    /// Judgements that the money which stayed pays for.
    pub granted: i64,
    /// What was paid.
    pub amount_cents: i64,
    /// What went back.
    pub refunded_cents: i64,
    /// Three letters.
    pub currency: String,
}

/// Of an endpoint of webhooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookData {
    /// The endpoint.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub endpoint_id: Uuid,
    /// Its address.
    pub url: String,
    /// Why nothing is sent there any more; of `disabled` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Names each type once, with the shape of its data and a sentence.
macro_rules! event_types {
    ($($variant:ident = $name:literal, $data:ty, $doc:literal;)+) => {
        /// What happened, to what kind of thing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType { $(#[doc = $doc] $variant,)+ }

        impl EventType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name, as events carry it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => concat!("io.datacrowd.", $name, ".v1"),)+ }
            }

            /// When it happens.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc,)+ }
            }

            /// The schema of `data`.
            #[must_use]
            pub fn schema(self) -> Schema {
                match self { $(Self::$variant => schemars::schema_for!($data),)+ }
            }
        }
    };
}

event_types! {
    ProjectCreated = "project.created", ProjectData, "A project is there.";
    ProjectUpdated = "project.updated", ProjectData, "The rules of a project changed.";
    ProjectPaused = "project.paused", ProjectData, "A project gives out no work until it is resumed.";
    ProjectResumed = "project.resumed", ProjectData, "A project gives out work again.";
    ProjectCompleted = "project.completed", ProjectData, "Every dataset of a project is completed.";
    ProjectClosed = "project.closed", ProjectData, "A project was closed for good.";
    ProjectDeleted = "project.deleted", ProjectData, "The resource of a project is gone.";
    QuotaGranted = "quota.granted", QuotaData, "A project may spend more judgements, or fewer.";
    QuotaLow = "quota.low", QuotaData, "A project has a tenth of its judgements left, or less; once for each quota.";
    QuotaExhausted = "quota.exhausted", QuotaData, "A project has spent every judgement that it may; once for each quota.";
    DatasetCreated = "dataset.created", DatasetData, "A dataset is there.";
    DatasetGenerating = "dataset.generating", DatasetData, "An attempt to make tasks of a dataset began.";
    DatasetReady = "dataset.ready", DatasetData, "Every row of a dataset is a task, or it was reopened.";
    DatasetFailed = "dataset.failed", DatasetData, "No tasks could be made of a dataset.";
    DatasetCompleted = "dataset.completed", DatasetData, "Every task of a dataset is approved or rejected.";
    DatasetDeleted = "dataset.deleted", DatasetData, "The resource of a dataset is gone.";
    BatchReady = "batch.ready", BatchData, "A batch is in the queue.";
    BatchStarted = "batch.started", BatchData, "The first task of a batch was approved or rejected.";
    BatchDone = "batch.done", BatchData, "Every task of a batch is approved or rejected.";
    BatchReopened = "batch.reopened", BatchData, "A task of a batch that was done is open again.";
    TaskApproved = "task.approved", TaskData, "A task has every answer that it needs.";
    TaskRejected = "task.rejected", TaskData, "A task was rejected so often that nobody is asked again.";
    TaskReopened = "task.reopened", TaskData, "A task that was approved or rejected is open again.";
    TaskStarved = "task.starved", TaskData, "Nobody on a project's list can answer a task, or review an answer to it.";
    AnswerSubmitted = "answer.submitted", AnswerData, "A worker gave an answer.";
    AnswerApproved = "answer.approved", AnswerData, "An answer counts.";
    AnswerRejected = "answer.rejected", AnswerData, "An answer does not count.";
    AnswerWithdrawn = "answer.withdrawn", AnswerData, "An answer was taken back by its author.";
    AnswerVoided = "answer.voided", AnswerData, "An answer was taken back by the project's owner.";
    ReviewDecided = "review.decided", AnswerData, "A reviewer decided about an answer.";
    ReviewUndone = "review.undone", AnswerData, "A reviewer took a decision back: the answer waits again.";
    ExportReady = "export.ready", ExportData, "The file of an export can be downloaded.";
    ExportFailed = "export.failed", ExportData, "An export could not be written.";
    ExportExpired = "export.expired", ExportData, "The file of an export was removed.";
    ModelReady = "model.ready", ModelData, "A model can be used.";
    ModelFailed = "model.failed", ModelData, "A model cannot be used.";
    PredictionCompleted = "prediction.completed", PredictionData, "A model has said what it has to say of a dataset.";
    PredictionFailed = "prediction.failed", PredictionData, "A model could not be run over a dataset.";
    WorkerAdded = "worker.added", WorkerData, "A worker was put on the list of a project.";
    WorkerBlocked = "worker.blocked", WorkerData, "A worker may not work in a project any more.";
    WorkerRemoved = "worker.removed", WorkerData, "A worker is neither on the list of a project nor blocked in it any more.";
    WorkerQualified = "worker.qualified", WorkerData, "A worker has the skill that a project asks for, or was right often enough on the gold for newcomers.";
    WorkerDisqualified = "worker.disqualified", WorkerData, "A worker fell below the skill that a project asks for.";
    UserInvited = "user.invited", InvitationData, "Somebody was invited to the client.";
    PaymentPaid = "payment.paid", PaymentData, "The money of a payment arrived, or stays after a dispute.";
    PaymentFailed = "payment.failed", PaymentData, "A payment was refused, or nobody paid in time.";
    PaymentRefunded = "payment.refunded", PaymentData, "Some of a payment, or all of it, went back.";
    PaymentDisputed = "payment.disputed", PaymentData, "The payer's bank holds the money until it has decided.";
    PaymentLost = "payment.lost", PaymentData, "The payer's bank took the money back.";
    WebhookDisabled = "webhook.disabled", WebhookData, "Nothing is sent to an endpoint any more.";
    WebhookTested = "webhook.tested", WebhookData, "Somebody asked for an event to try an endpoint with.";
}

impl EventType {
    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.name() == name)
    }
}

/// Every type with its meaning and the schema of its data, as `GET /events/schemas` serves it.
#[must_use]
pub fn schemas() -> Value {
    let schema = |t: &EventType| {
        let mut schema = t.schema();
        schema.insert("description".to_owned(), t.meaning().into());
        (t.name().to_owned(), schema.to_value())
    };
    Value::Object(EventType::ALL.iter().map(schema).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member that is taken away, or means something else, breaks whoever listens: it makes a type of the next
    /// version. One more member, or one more type, is written by `make generate`.
    #[test]
    fn the_schemas_are_those_that_are_committed() {
        let committed: Value =
            serde_json::from_str(include_str!("../../../docs/event-schemas.json")).unwrap();
        assert_eq!(schemas(), committed, "run make generate");
        assert!(
            EventType::ALL
                .iter()
                .all(|t| EventType::from_name(t.name()) == Some(*t))
        );
    }
}
