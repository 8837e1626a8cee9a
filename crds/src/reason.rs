//! Why a condition is what it is. Reasons are API: programs compare them, people look them up.

use std::fmt;

use datacrowd_protocol::run::RunReason;

macro_rules! reasons {
    ($(#[doc = $help:literal] $name:ident,)+) => {
        /// The reason of a condition. Each says what it means and what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = $help] $name,)+ }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The reason as conditions, Events and metrics spell it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What it means and what to do, for the documentation.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help.trim_ascii(),)+ }
            }
        }
    };
}

reasons! {
    /// The Project's or the Webhook's spec is in force, or the Model may be applied. Nothing to do.
    Accepted,
    /// The namespace has no tenant label, or the resource was bound before it got the one it has. Label the namespace, or delete the resource and apply it again.
    NamespaceNotBound,
    /// The spec breaks a rule that the message names. Correct the spec.
    InvalidSpec,
    /// `spec.projectRef.name` names no Project of this namespace. Create the Project.
    ProjectNotFound,
    /// The Project exists and is not accepted yet, or is closed. Look at the Project's conditions.
    ProjectNotReady,
    /// `spec.modelRef.name` names no Model of this Project. Create the Model; the Prediction goes on by itself.
    ModelNotFound,
    /// The Model exists and its file was not looked at yet, or cannot be used. Look at the Model's conditions.
    ModelNotReady,
    /// `spec.datasetRef.name` names no Dataset of this Project. Create the Dataset; what names it goes on by itself.
    DatasetNotFound,
    /// The Prediction waits for the tasks of its Dataset. Look at the Dataset's conditions.
    AwaitingGeneration,
    /// The Project is paused; no new run begins. Set `spec.paused` of the Project to false.
    ProjectPaused,
    /// The resource was replaced or deleted on the platform's side; this incarnation is void. Delete it and apply it again.
    ProjectReplaced,
    /// A resource of this name with another identity has rows. Use another name, or delete the old rows as the message says.
    IdentityChanged,
    /// The Project cannot go while others refer to it. Delete the resources that the message lists.
    InUse,
    /// The Secret in `source.credentialsSecretRef` or one of its keys is missing. Create it; the pod starts by itself.
    SecretNotFound,
    /// The object store refused the Secret's credentials. Correct the Secret, then set the retry annotation.
    CredentialsRejected,
    /// The bucket or object does not exist. Upload it, then set the retry annotation.
    SourceNotFound,
    /// The object is not the one that was accepted, or changed while it was read. Apply another resource under a new name for the new content.
    SourceChanged,
    /// The source lies outside the namespace's prefix or below its `exports/`, may not be read, or is in an object store that the platform does not read. Move it, or allow the read.
    SourceForbidden,
    /// The Project's quota does not cover another task, or the tenant is in debt. Buy judgements; the run starts by itself.
    AwaitingPayment,
    /// The Export waits for its Datasets. Nothing to do, or delete the Dataset that the message names.
    AwaitingCompletion,
    /// The quota ended before the file did. Buy judgements; the run goes on by itself.
    QuotaExceeded,
    /// As many Jobs as allowed run in this namespace. Nothing to do.
    Queued,
    /// `spec.suspend` is true. Set it to false.
    Suspended,
    /// The Job was created. Nothing to do.
    JobCreated,
    /// The Job's pod does not start, or the cluster refuses it; the message has the reason, such as a quota. Act on it.
    JobPending,
    /// The Job runs. Nothing to do.
    JobRunning,
    /// The Job vanished before its run ended. Another attempt follows.
    JobLost,
    /// An attempt ended early and another follows by itself. Nothing to do.
    RetryingAfterFailure,
    /// The runner was killed for using too much memory. Another attempt follows while there is progress.
    OutOfMemory,
    /// The Job ran into its deadline. Set the retry annotation to go on where it ended.
    DeadlineExceeded,
    /// The Job's pods died without progress. Look at the pods, then set the retry annotation.
    BackoffLimitExceeded,
    /// The file is not what its format says, or no row of it could be used. Do what the message says: correct the file and set the retry annotation, or apply another resource under a new name.
    BadInput,
    /// The model's file is no model that the platform can run, or not the one that the spec says. Apply a Model under a new name, with what the message says corrected.
    InvalidModel,
    /// More rows were refused than `spec.maxInvalidRows` allows. Correct the file or raise the limit.
    TooManyInvalidRows,
    /// The runner cannot work with its settings. Ask the platform's operators.
    Misconfigured,
    /// A Job of the needed name belongs to someone else. Delete that Job.
    NameConflict,
    /// Every valid row is a task. Nothing to do.
    Generated,
    /// The valid rows are tasks, others were refused. Look at `status.rowsRejected` and `status.rejectedRows`.
    GeneratedWithRejections,
    /// Every task is approved or rejected. Nothing to do.
    Completed,
    /// The Inbox takes items, and models answer them. Send them with `POST /projects/{id}/items`.
    TakingItems,
    /// No Model of the Project has `spec.replicas` of at least 1, so nothing would answer the Inbox's items. Set it on a Model; the Inbox goes on by itself.
    NoWarmModel,
    /// The file is written. Download it before it expires.
    Exported,
    /// Every item has its prediction, or a reason why it has none. Look at `status.failedItems` where `status.failed` is not 0.
    Predicted,
    /// The file's time is over and it was removed. Apply another Export.
    Expired,
    /// The resource is being deleted. Nothing to do.
    Deleting,
    /// The platform could not be told of the deletion. Wait until it is back, or set the skip-cleanup annotation.
    CleanupFailed,
    /// The platform does not answer. Nothing to do; the operator tries again.
    PlatformUnavailable,
    /// Every attempt to post to the Webhook's address fails, for now; each event is tried again for days. Look at its deliveries, then at the receiver.
    EndpointFailing,
    /// The platform gave the Webhook's address up: it answered 410 Gone, or nothing but failed for days. Mend the receiver, then enable it as the message says.
    EndpointDisabled,
}

impl Reason {
    /// The page of the documentation that explains every reason.
    #[must_use]
    pub fn reference() -> String {
        let head = "# Reasons of conditions\n\n\
            Made by `make generate`; change it in `crds/src/reason.rs`. Reasons are API: programs compare them. \
            A condition's message says more of the case at hand and ends with what to do.\n\n\
            | reason | what it means, and what to do |\n|---|---|\n";
        let row = |reason: &Self| format!("| `{reason}` | {} |\n", reason.help());
        std::iter::once(head.to_owned())
            .chain(Self::ALL.iter().map(row))
            .collect()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<RunReason> for Reason {
    fn from(reason: RunReason) -> Self {
        match reason {
            RunReason::BadInput => Self::BadInput,
            RunReason::TooManyInvalidRows => Self::TooManyInvalidRows,
            RunReason::SourceNotFound => Self::SourceNotFound,
            RunReason::SourceChanged => Self::SourceChanged,
            RunReason::SourceForbidden => Self::SourceForbidden,
            RunReason::CredentialsRejected => Self::CredentialsRejected,
            RunReason::InvalidModel => Self::InvalidModel,
            RunReason::QuotaExceeded => Self::QuotaExceeded,
            RunReason::Misconfigured => Self::Misconfigured,
            RunReason::DeadlineExceeded => Self::DeadlineExceeded,
            RunReason::BackoffLimitExceeded => Self::BackoffLimitExceeded,
            RunReason::OutOfMemory => Self::OutOfMemory,
            RunReason::JobLost => Self::JobLost,
        }
    }
}
