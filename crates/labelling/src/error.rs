//! Why the context refuses: a finite list of codes, each with what to do next.

mod examples;

use std::collections::BTreeMap;

use datacrowd_protocol::{
    ids::{DatasetId, ProjectId},
    work::NoTask,
};
use thiserror::Error as ThisError;

use crate::{Owing, debt};

/// Result of every call into the context.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal, or a database that failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The caller may act on it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Nobody's request is at fault.
    #[error("the core database failed")]
    Database(#[from] sqlx::Error),
    /// Whether rows may be adopted is only known once the caller has looked at their source.
    #[error("the source has to be looked at first")]
    ContentUnseen {
        /// Its hash is needed, too.
        read: bool,
    },
    /// A row says what no code wrote.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// What was read.
        what: &'static str,
    },
}

/// Every reason for which the context says no.
#[derive(Debug, Clone, PartialEq, ThisError)]
#[error("{}", self.message())]
#[expect(missing_docs, reason = "codes and messages below say what each means")]
pub enum Refusal {
    NotFound,
    Tombstoned,
    ProjectNotFound {
        name: String,
    },
    DatasetNotFound {
        name: String,
    },
    ModelNotFound {
        name: String,
    },
    PredictionNotDue {
        waiting_for: String,
    },
    ProjectNotActive {
        state: &'static str,
    },
    ProjectEnded,
    ProjectNotAccepted,
    ProjectDeleted {
        id: ProjectId,
        namespace: String,
        name: String,
    },
    DatasetDeleted {
        id: DatasetId,
        namespace: String,
        name: String,
    },
    IdentityChanged {
        id: DatasetId,
        namespace: String,
        name: String,
    },
    ExportIdentityChanged,
    ModelIdentityChanged,
    PredictionIdentityChanged,
    RowsGoing,
    InboxNotFound,
    InboxAmbiguous,
    InboxSuspended,
    NoWarmModel,
    /// The inbox's models read columns of these names; without any, recordings.
    OtherItems {
        columns: Option<Vec<String>>,
    },
    InvalidSpec {
        details: BTreeMap<String, String>,
    },
    InUse {
        by: [(&'static str, i64); 4],
    },
    PaymentRequired {
        remaining: i64,
        needed: i64,
    },
    DebtOwed {
        owing: Vec<Owing>,
    },
    GrantConflict,
    InvalidGrant,
    AlreadyGenerating,
    AlreadyGenerated,
    NothingToRetry,
    RunHeld {
        seconds: i64,
    },
    Fenced,
    QuotaExhausted {
        accepted: i64,
    },
    OutOfOrder {
        expected: i64,
    },
    NoTaskAvailable {
        why: NoTask,
        retry_after: i64,
        leased_until: Option<chrono::DateTime<chrono::Utc>>,
    },
    TaskLocked,
    TooManyLeases {
        limit: i64,
    },
    LeaseLost,
    Blocked,
    InvalidAnswer {
        details: BTreeMap<String, String>,
    },
    NoReviewAvailable,
    OwnTask,
    OwnProject,
    AlreadyReviewed,
    AlreadyDecided,
    AnswerReviewed,
    UndoTooLate {
        why: &'static str,
    },
    NoConsensus,
    TaskNotApproved,
    GoldFixed,
    NoMedia {
        column: String,
    },
    MediaEmpty {
        column: String,
    },
    ExportNotDue {
        waiting_for: String,
    },
    ExportNotReady {
        state: &'static str,
    },
    ExportExpired,
    TenantTaken,
    NamespaceNotBound,
}

impl Refusal {
    /// Stable code of the refusal, as in the error body.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Tombstoned => "tombstoned",
            Self::ProjectNotFound { .. } => "project_not_found",
            Self::DatasetNotFound { .. } => "dataset_not_found",
            Self::ProjectNotActive { .. } => "project_not_active",
            Self::ProjectEnded => "project_ended",
            Self::ProjectNotAccepted => "project_not_accepted",
            Self::ProjectDeleted { .. } => "project_deleted",
            Self::DatasetDeleted { .. } => "dataset_deleted",
            Self::IdentityChanged { .. } => "identity_changed",
            Self::ExportIdentityChanged
            | Self::ModelIdentityChanged
            | Self::PredictionIdentityChanged => "identity_changed",
            Self::ModelNotFound { .. } => "model_not_found",
            Self::PredictionNotDue { .. } => "prediction_not_due",
            Self::RowsGoing => "rows_going",
            Self::InboxNotFound => "inbox_not_found",
            Self::InboxAmbiguous => "inbox_ambiguous",
            Self::InboxSuspended => "inbox_suspended",
            Self::NoWarmModel => "no_warm_model",
            Self::OtherItems { .. } => "unsupported_media_type",
            Self::InvalidSpec { .. } => "invalid_spec",
            Self::InUse { .. } => "in_use",
            Self::PaymentRequired { .. } => "payment_required",
            Self::DebtOwed { .. } => "debt_owed",
            Self::GrantConflict => "grant_conflict",
            Self::InvalidGrant => "invalid_grant",
            Self::AlreadyGenerating => "already_generating",
            Self::AlreadyGenerated => "already_generated",
            Self::NothingToRetry => "nothing_to_retry",
            Self::RunHeld { .. } => "run_held",
            Self::Fenced => "fenced",
            Self::QuotaExhausted { .. } => "quota_exceeded",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::NoTaskAvailable { .. } => "no_task_available",
            Self::TaskLocked => "task_locked",
            Self::TooManyLeases { .. } => "too_many_leases",
            Self::LeaseLost => "lease_lost",
            Self::Blocked => "blocked",
            Self::InvalidAnswer { .. } => "invalid_answer",
            Self::NoReviewAvailable => "no_review_available",
            Self::OwnTask => "own_task",
            Self::OwnProject => "own_project",
            Self::AlreadyReviewed => "already_reviewed",
            Self::AlreadyDecided => "already_decided",
            Self::AnswerReviewed => "already_reviewed",
            Self::UndoTooLate { .. } => "undo_too_late",
            Self::NoConsensus => "no_consensus",
            Self::TaskNotApproved => "task_not_approved",
            Self::GoldFixed => "gold_fixed",
            Self::NoMedia { .. } => "no_media",
            Self::MediaEmpty { .. } => "media_empty",
            Self::ExportNotDue { .. } => "export_not_due",
            Self::ExportNotReady { .. } => "export_not_ready",
            Self::ExportExpired => "export_expired",
            Self::TenantTaken => "tenant_taken",
            Self::NamespaceNotBound => "namespace_not_bound",
        }
    }

    /// A sentence for the caller that ends with what to do.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a sentence for each code")]
    pub fn message(&self) -> String {
        match self {
            Self::NotFound => "Nothing was found at this address; check the id.".into(),
            Self::Tombstoned => "This resource was replaced or deleted; read it again and use the new one.".into(),
            Self::ProjectNotFound { name } => format!("There is no Project \"{name}\" in this namespace; create it, or correct projectRef.name."),
            Self::DatasetNotFound { name } => format!("There is no Dataset \"{name}\" in this project; create it, or correct datasetRef.name."),
            Self::ProjectNotActive { state } => format!("The project is {state}; resume it, then try again."),
            Self::ProjectEnded => "The project was closed or is being deleted, and takes no more work; use another project.".into(),
            Self::ProjectNotAccepted => "The project was never accepted; look at its conditions and correct it, then try again.".into(),
            Self::ProjectDeleted { id, namespace, name } => format!("The project was deleted; its quota is kept, and so are its answers unless its deletion policy was DELETE. Restore it by POST /api/v1/projects/{id}/restore, or apply a Project \"{name}\" in namespace {namespace} again."),
            Self::DatasetDeleted { id, namespace, name } => format!("The dataset was deleted; its rows are kept. Restore it by POST /api/v1/datasets/{id}/restore, or apply a Dataset \"{name}\" with the same source in namespace {namespace} again; or remove the rows as well: DELETE /api/v1/datasets/{id}?rows=true."),
            Self::IdentityChanged { id, namespace, name } => format!("This name belonged to a dataset with another source, another file at it, or other reading options, and its rows are kept; give the new dataset another name, or remove those rows: DELETE /api/v1/datasets/{id}?rows=true, or kubectl -n {namespace} annotate dataset {name} datacrowd.io/delete-rows={id}"),
            Self::ExportIdentityChanged => "This name belonged to an export with other contents or another format, and its file is kept; give the new export another name.".into(),
            Self::ModelIdentityChanged => "This name belonged to a model with another file or another reading, and what it predicted is kept; give the new model another name.".into(),
            Self::PredictionIdentityChanged => "This name belonged to a prediction of another model or dataset, and what it gave is kept; give the new prediction another name.".into(),
            Self::ModelNotFound { name } => format!("There is no Model \"{name}\" in this project; create it, or correct modelRef.name."),
            Self::PredictionNotDue { waiting_for } => format!("The prediction waits for {waiting_for}; it continues by itself."),
            Self::RowsGoing => "The rows of the previous dataset of this name are being removed; this one continues by itself.".into(),
            Self::InboxNotFound => "The project has no such inbox; apply a Dataset with source.format: Inbox, or correct the id in inbox.".into(),
            Self::InboxAmbiguous => "There are several inboxes; say in inbox which one is meant, by its dataset id, before the file.".into(),
            Self::InboxSuspended => "The inbox takes nothing now; set spec.suspend of its Dataset to false, and the project to active, then try again.".into(),
            Self::NoWarmModel => "No model of the project is kept loaded, so nothing would answer the item; set spec.replicas of a Model to 1 or more, then try again.".into(),
            Self::OtherItems { columns: None } => "The models of this inbox read recordings; send one as multipart/form-data, in a part called file.".into(),
            Self::OtherItems { columns: Some(columns) } => format!("The models of this inbox read the columns {}; send them as application/json, by name in the member columns.", columns.join(", ")),
            Self::InvalidSpec { details } => {
                let list: Vec<_> = details.iter().map(|(path, why)| format!("{path} {why}")).collect();
                format!("{}; correct the spec.", list.join("; "))
            }
            Self::InUse { by } => {
                let used = by.iter().filter(|(_, count)| *count > 0);
                let used: Vec<_> = used.map(|(what, count)| format!("{count} {what}")).collect();
                format!("The project still has {}; delete them first.", used.join(", "))
            }
            Self::PaymentRequired { remaining, needed } => {
                format!("The project has {remaining} judgements left and needs at least {needed}; buy judgements for it, then try again.")
            }
            Self::DebtOwed { owing } => format!("The tenant owes {} judgements for {}, after a refund; buy them with POST /payments/checkout, or have them granted, and work continues.", debt::sum(owing), debt::names(owing)),
            Self::GrantConflict => "This grantId was used with another number of judgements; use a new one.".into(),
            Self::InvalidGrant => "A grant needs a grantId of 1 to 200 characters and judgements between 0 and 10^12.".into(),
            Self::AlreadyGenerating => "Tasks are being generated already; wait for the dataset to become READY.".into(),
            Self::AlreadyGenerated => "The dataset's tasks exist already; nothing is left to generate.".into(),
            Self::NothingToRetry => "The dataset's last run did not fail; there is nothing to try again.".into(),
            Self::RunHeld { seconds } => format!("Another pod holds this run; try again in {seconds} seconds."),
            Self::Fenced => "Another pod took over this run; open it again once that pod is gone.".into(),
            Self::QuotaExhausted { accepted } => format!("The project's quota ended before the file did ({accepted} rows of the last part were taken); buy judgements, and generation continues by itself."),
            Self::OutOfOrder { expected } => format!("The chunk does not continue the loaded rows; open the run again and continue at row {expected}."),
            Self::NoTaskAvailable { why, .. } => no_task(*why).into(),
            Self::TaskLocked => "Every place on this task is taken; claim another one.".into(),
            Self::TooManyLeases { limit } => format!("You hold {limit} tasks already; submit or unlock one first."),
            Self::Blocked => "This project does not take your answers any more; choose another project.".into(),
            Self::LeaseLost => "The lease has ended; claim again, this task while it is open, or another one.".into(),
            Self::InvalidAnswer { .. } => "The answer does not fit the form; correct the fields named in details.".into(),
            Self::NoReviewAvailable => "No answer waits for your review; come back later.".into(),
            Self::OwnTask => "You hold or answered this task yourself; review another one.".into(),
            Self::OwnProject => "You belong to the tenant that owns this project, and a tenant does not review its own projects; review answers of another project.".into(),
            Self::AlreadyReviewed => "You have reviewed this answer already; take the next one.".into(),
            Self::AlreadyDecided => "This answer is decided already; take the next one.".into(),
            Self::AnswerReviewed => "A reviewer has decided on this answer already; wait for the outcome.".into(),
            Self::UndoTooLate { why } => format!("{why}; the decision stays."),
            Self::NoConsensus => "The project makes no label of its answers; name the question in labeling.consensus.field, then try again.".into(),
            Self::TaskNotApproved => "Only an approved task becomes gold; review its answers first, or choose another task.".into(),
            Self::GoldFixed => "This task is gold with another answer, and workers were held against it; keep that answer, or make gold of another task.".into(),
            Self::NoMedia { column } => format!("The project shows no image, audio or video of a column \"{column}\"; take a column of its display list."),
            Self::MediaEmpty { column } => format!("The cell is empty: this task has nothing to show in \"{column}\"; answer by the rest, or skip the task and say so in the reason."),
            Self::ExportNotDue { waiting_for } => format!("The export waits for {waiting_for}; it continues by itself."),
            Self::ExportNotReady { state } => format!("The export is {state}; try again when it is READY."),
            Self::ExportExpired => "The export has expired and its file was removed; create a new export.".into(),
            Self::TenantTaken => "This tenant's namespaces are recorded as the home of other tenants; label a namespace for it alone, then try again.".into(),
            Self::NamespaceNotBound => "The resource was bound before its namespace got the label it has; delete it and apply it again, or give the namespace its earlier label back.".into(),
        }
    }
}

fn no_task(why: NoTask) -> &'static str {
    match why {
        NoTask::Paused => "The project is paused; come back when its owner resumes it.",
        NoTask::Ended => "The project has ended; choose another one.",
        NoTask::AllSeen => {
            "You have answered, reviewed, skipped or hold every open task; choose another project, or come back later."
        }
        NoTask::AllLeased => {
            "Every open task is with another worker; come back when a lease has ended."
        }
        NoTask::Generating => {
            "Tasks are still being generated, or wait to be paid for; come back later."
        }
        NoTask::InReview => {
            "Every task is answered and some answers wait for their review; review them, or come back later."
        }
        NoTask::Done => "Every task is done; choose another project, or come back later.",
    }
}

/// The name of the constraint that refused, if one did.
pub(crate) fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
