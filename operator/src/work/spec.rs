//! What a kind asks of the engine, and what the engine remembers of a resource: values, without a call.

use datacrowd_crds::{
    DatasetStatus, ExportStatus, ModelStatus, PredictionStatus, condition::Reason, dataset::JobRef,
};
use datacrowd_protocol::{internal::RunView, source::DeletionPolicy};
use uuid::Uuid;

use crate::context::Settings;

/// Component of pods of the runner.
pub(crate) const RUNNER: &str = "runner";
/// Component of pods that run a model.
pub(crate) const INFERENCE: &str = "inference";

/// What is said while a tenant that owes gets no run of what charges nothing.
pub(crate) const IN_DEBT: &str = "The project is in debt; settle it with POST /api/v1/payments/checkout and the run starts by itself.";

/// What a resource asks of its Jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkSpec {
    /// The platform's id of the resource.
    pub id: Uuid,
    /// The tenant for whom it works.
    pub tenant: String,
    /// Its latest run on the platform.
    pub run: Option<RunView>,
    /// What the status says of earlier attempts.
    pub attempts: AttemptState,
    /// The Project's deletion policy as it is now.
    pub policy: DeletionPolicy,
    /// Nothing may begin, and what runs is held.
    pub suspended: bool,
    /// A failure that another attempt may follow, because the spec changed since.
    pub second_chance: Option<Reason>,
    /// What is said while the payment gate is closed before the first task.
    pub awaiting_payment: &'static str,
    /// Whether a corrected file under the same name would be read.
    pub replaceable: bool,
    /// What runs.
    pub job: JobTemplate,
}

/// What the Jobs of a resource have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobTemplate {
    /// First argument of the program.
    pub command: &'static str,
    /// What marks the Job's name, such as `gen` or `exp`.
    pub mark: &'static str,
    /// Label that names the resource on its Jobs.
    pub label: &'static str,
    /// What the pods are: by this label the chart's NetworkPolicies find them.
    pub component: &'static str,
    /// Image of the program.
    pub image: String,
    /// What it may use.
    pub limits: Limits,
    /// Secret with the credentials of the tenant's own bucket.
    pub secret: Option<String>,
    /// Most bytes that it may write below `/tmp`; without it, it writes nowhere.
    pub scratch: Option<&'static str>,
}

impl JobTemplate {
    /// Of a program of the inference image, which puts the model's file and one item at a time below `/tmp`.
    pub(crate) fn inference(
        command: &'static str,
        mark: &'static str,
        label: &'static str,
        settings: &Settings,
    ) -> Self {
        Self {
            command,
            mark,
            label,
            component: INFERENCE,
            image: settings.inference_image.clone(),
            limits: Limits::inference(settings),
            secret: None,
            scratch: Some("1536Mi"),
        }
    }
}

/// What one attempt may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Processor time that a node keeps free for it.
    pub cpu: &'static str,
    /// Memory that a node keeps free for it.
    pub memory: &'static str,
    /// Memory at which it is killed.
    pub most_memory: &'static str,
    /// Seconds after which the Job is ended.
    pub deadline_seconds: i64,
}

impl Limits {
    /// The runner's: it streams, so that the size of a file does not count.
    pub(crate) fn runner(settings: &Settings) -> Self {
        Self {
            cpu: "50m",
            memory: "32Mi",
            most_memory: "128Mi",
            deadline_seconds: settings.job_deadline_seconds,
        }
    }

    /// Inference's: the largest model may take four times its 256 MiB while it is prepared, an item 512 MiB beside it.
    pub(crate) fn inference(settings: &Settings) -> Self {
        Self {
            cpu: "250m",
            memory: "128Mi",
            most_memory: "2Gi",
            deadline_seconds: settings.job_deadline_seconds,
        }
    }
}

/// What the operator remembers of a resource's attempts, in its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AttemptState {
    pub attempt: Option<i32>,
    pub observed_retry_at: Option<String>,
    pub job_ref: Option<JobRef>,
    /// The Project's policy as last seen: deletion must not need the Project.
    pub deletion_policy: Option<DeletionPolicy>,
}

macro_rules! attempts_of {
    ($($status:ty),+) => {$(
        impl From<&$status> for AttemptState {
            fn from(status: &$status) -> Self {
                Self {
                    attempt: status.attempt,
                    observed_retry_at: status.observed_retry_at.clone(),
                    job_ref: status.job_ref.clone(),
                    deletion_policy: status.deletion_policy,
                }
            }
        }
    )+};
}

attempts_of!(DatasetStatus, ExportStatus, ModelStatus, PredictionStatus);
