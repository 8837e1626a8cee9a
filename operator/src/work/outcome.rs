//! What a Job and its pods say. Pure: the same objects at the same time give the same answer.

use std::time::Duration;

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{
    exit,
    run::{RunOutcome, RunReason, TerminationMessage},
};
use k8s_openapi::{
    api::{
        batch::v1::{Job, JobCondition},
        core::v1::{ContainerStateTerminated, ContainerStatus, Pod},
    },
    jiff::Timestamp,
};

use super::manifest::CONTAINER;
use crate::command::kubectl_in;

/// How long a pod may take to start before that is worth a word.
const PENDING_AFTER: Duration = Duration::from_mins(1);
/// How long after its deadline a Job may still hang on a dead node before we end the attempt ourselves.
const DEADLINE_GRACE_SECONDS: i64 = 300;

/// Where a Job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It goes on by itself.
    Active(Verdict),
    /// Its `suspend` is set.
    Suspended,
    /// It completed, at this time.
    Succeeded(Option<Timestamp>),
    /// It cannot complete any more.
    Failed(Failure),
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Why.
    pub reason: RunReason,
    /// A sentence with the remedy.
    pub message: String,
    /// When, as far as the cluster knows.
    pub at: Option<Timestamp>,
}

impl Failure {
    pub(crate) fn new(reason: RunReason, at: Option<Timestamp>) -> Self {
        Self {
            reason,
            message: remedy(reason).to_owned(),
            at,
        }
    }
}

/// A Job, and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub job: &'a Job,
    pub pods: &'a [Pod],
    /// Why the cluster does not take the pod that the Job would have.
    pub refusal: Option<&'a str>,
}

/// Whether the Job should have a pod, and has none that may still run.
pub(crate) fn lacks_pod(job: &Job, pods: &[Pod]) -> bool {
    let active = job.status.as_ref().and_then(|s| s.active).unwrap_or(0);
    active == 0 && pods.iter().all(|pod| end(pod).is_some())
}

/// Whether pods say more of a Job than it says itself: one that its controller has not seen, or that is suspended, has
/// none; one that completed or has a pod that is ready needs none.
pub(crate) fn depends_on_pods(job: &Job) -> bool {
    let status = job.status.as_ref();
    let is_seen = status.is_some_and(|s| s.start_time.is_some());
    let is_ready = status.and_then(|s| s.ready).unwrap_or(0) > 0;
    let is_suspended = job.spec.as_ref().is_some_and(|s| s.suspend == Some(true));
    let failed = condition(job, &["FailureTarget", "Failed"]).is_some();
    let completed = condition(job, &["Complete", "SuccessCriteriaMet"]).is_some();
    failed || (is_seen && !is_ready && !is_suspended && !completed)
}

/// What a Job says about its attempt.
pub(crate) fn outcome(facts: Facts<'_>, now: Timestamp) -> Seen {
    let Facts { job, pods, .. } = facts;
    if let Some(done) = condition(job, &["Complete", "SuccessCriteriaMet"]) {
        return Seen::Succeeded(time(done));
    }
    // `FailureTarget` comes first: with a dead node, `Failed` waits for pods that never end.
    if let Some(failed) = condition(job, &["FailureTarget", "Failed"]) {
        let late = failed.reason.as_deref() == Some("DeadlineExceeded");
        return Seen::Failed(failure(pods, late, time(failed)));
    }
    if job.spec.as_ref().is_some_and(|s| s.suspend == Some(true)) {
        return Seen::Suspended;
    }
    if deadline(job).is_some_and(|deadline| now.as_second() > deadline + DEADLINE_GRACE_SECONDS) {
        return Seen::Failed(Failure::new(RunReason::DeadlineExceeded, Some(now)));
    }
    Seen::Active(progress(facts, now))
}

fn condition<'a>(job: &'a Job, types: &[&str]) -> Option<&'a JobCondition> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    conditions
        .iter()
        .find(|c| c.status == "True" && types.contains(&c.type_.as_str()))
}

fn time(condition: &JobCondition) -> Option<Timestamp> {
    condition.last_transition_time.as_ref().map(|t| t.0)
}

fn deadline(job: &Job) -> Option<i64> {
    let started = job.status.as_ref()?.start_time.as_ref()?.0.as_second();
    Some(started + job.spec.as_ref()?.active_deadline_seconds?)
}

/// Why the pods failed: the runner's own word first, then its exit code, then the cluster's.
fn failure(pods: &[Pod], late: bool, at: Option<Timestamp>) -> Failure {
    let mut ends: Vec<_> = pods.iter().filter_map(end).collect();
    ends.sort_by_key(|end| end.finished_at.as_ref().map(|t| t.0));
    if let Some(last) = ends.last() {
        if let Some(said) = said(last) {
            return Failure { at, ..said };
        }
        if let Some(reason) = of_exit_code(last.exit_code) {
            return Failure::new(reason, at);
        }
        if !late && last.reason.as_deref() == Some("OOMKilled") {
            return Failure::new(RunReason::OutOfMemory, at);
        }
    }
    let reason = match late {
        true => RunReason::DeadlineExceeded,
        false => RunReason::BackoffLimitExceeded,
    };
    Failure::new(reason, at)
}

fn runner(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|c| c.name == CONTAINER)
}

fn end(pod: &Pod) -> Option<&ContainerStateTerminated> {
    runner(pod)?.state.as_ref()?.terminated.as_ref()
}

/// The runner's termination message, when it is one.
fn said(end: &ContainerStateTerminated) -> Option<Failure> {
    let message: TerminationMessage = serde_json::from_str(end.message.as_deref()?).ok()?;
    let reason = message
        .reason
        .filter(|_| message.outcome == RunOutcome::Failed)?;
    Some(Failure {
        reason,
        message: message.message.unwrap_or_else(|| remedy(reason).to_owned()),
        at: None,
    })
}

fn of_exit_code(code: i32) -> Option<RunReason> {
    match code {
        exit::BAD_INPUT => Some(RunReason::BadInput),
        exit::GONE => Some(RunReason::SourceNotFound),
        exit::QUOTA => Some(RunReason::QuotaExceeded),
        exit::FORBIDDEN => Some(RunReason::CredentialsRejected),
        exit::MISCONFIGURED => Some(RunReason::Misconfigured),
        _ => None,
    }
}

fn progress(facts: Facts<'_>, now: Timestamp) -> Verdict {
    let Facts { job, pods, refusal } = facts;
    let status = job.status.clone().unwrap_or_default();
    if status.ready.unwrap_or(0) > 0 {
        return Verdict::new(Phase::Running, Reason::JobRunning, "The Job is running.");
    }
    if let Some(verdict) = pods.iter().find_map(missing_secret) {
        return verdict;
    }
    if let Some(why) = refusal.filter(|_| lacks_pod(job, pods)) {
        let message = format!(
            "The cluster refuses the Job's pod; lift what it names, and the pod starts by itself: {why}. To see it: {}",
            describe(job)
        );
        return Verdict::new(Phase::Running, Reason::JobPending, message);
    }
    let since = status
        .start_time
        .or_else(|| job.metadata.creation_timestamp.clone());
    let age = since.map_or(0, |t| now.as_second() - t.0.as_second());
    let is_old = u64::try_from(age).is_ok_and(|age| age >= PENDING_AFTER.as_secs());
    if status.failed.unwrap_or(0) > 0 && !is_old {
        return Verdict::new(
            Phase::Running,
            Reason::RetryingAfterFailure,
            "A pod ended early; the Job starts another.",
        );
    }
    if !is_old {
        return Verdict::new(
            Phase::Running,
            Reason::JobCreated,
            "The Job was created; its pod is starting.",
        );
    }
    Verdict::new(Phase::Running, Reason::JobPending, pending(job, pods))
}

/// Why no pod runs, in the cluster's words where it has any.
fn pending(job: &Job, pods: &[Pod]) -> String {
    let unfinished = pods.iter().find(|pod| end(pod).is_none());
    let Some(pod) = unfinished else {
        return format!(
            "The Job has no pod; a ResourceQuota, the Pod Security level or a missing ServiceAccount \"default\" may forbid it: {}",
            describe(job)
        );
    };
    let waiting = runner(pod)
        .and_then(|c| c.state.as_ref()?.waiting.as_ref()?.reason.clone())
        .filter(|reason| reason != "ContainerCreating");
    let unscheduled = || {
        let conditions = pod.status.as_ref()?.conditions.as_ref()?;
        let scheduled = conditions.iter().find(|c| c.type_ == "PodScheduled")?;
        scheduled
            .reason
            .clone()
            .filter(|_| scheduled.status != "True")
    };
    let why = waiting
        .or_else(unscheduled)
        .unwrap_or_else(|| "Pending".into());
    let (namespace, name) = names(job);
    let command = kubectl_in(
        namespace,
        format_args!("describe pods -l batch.kubernetes.io/job-name={name}"),
    );
    format!("The Job's pod does not start ({why}): {command}")
}

fn describe(job: &Job) -> String {
    let (namespace, name) = names(job);
    kubectl_in(namespace, format_args!("describe job {name}"))
}

fn names(job: &Job) -> (&str, &str) {
    (
        job.metadata.namespace.as_deref().unwrap_or_default(),
        job.metadata.name.as_deref().unwrap_or_default(),
    )
}

fn missing_secret(pod: &Pod) -> Option<Verdict> {
    let waiting = runner(pod)?.state.as_ref()?.waiting.as_ref()?;
    let message = waiting.message.as_deref().unwrap_or_default();
    let concerns_secret = message.to_lowercase().contains("secret");
    (waiting.reason.as_deref() == Some("CreateContainerConfigError") && concerns_secret).then(|| {
        Verdict::new(
            Phase::Waiting,
            Reason::SecretNotFound,
            "The Secret in source.credentialsSecretRef, or one of its keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, is missing; create it and the pod starts by itself.",
        )
    })
}

/// What to say of a failure that said nothing itself.
pub(crate) fn remedy(reason: RunReason) -> &'static str {
    match reason {
        RunReason::BadInput => "The file is not what its format says.",
        RunReason::TooManyInvalidRows => {
            "More rows were refused than spec.maxInvalidRows allows; correct the file or raise the limit."
        }
        RunReason::SourceNotFound => "The source does not exist; upload it.",
        RunReason::SourceChanged => {
            "The source changed while it was read; apply another resource under a new name for the new content."
        }
        RunReason::SourceForbidden => "The source may not be read; allow the read.",
        RunReason::CredentialsRejected => "The credentials were refused; correct them.",
        RunReason::InvalidModel => "The model's file is none that can be run here.",
        RunReason::QuotaExceeded => {
            "The project's quota ended before the file did; buy judgements and the run goes on by itself."
        }
        RunReason::Misconfigured => {
            "The runner cannot work with its settings; ask the platform's operators."
        }
        RunReason::DeadlineExceeded => {
            "The Job ran into its deadline; another attempt goes on where it ended."
        }
        RunReason::BackoffLimitExceeded => {
            "The Job's pods ended without progress; look at the pods' logs."
        }
        RunReason::OutOfMemory => {
            "The runner was killed for using too much memory; another attempt goes on where it ended."
        }
        RunReason::JobLost => "The Job vanished before its run ended; another attempt follows.",
    }
}

#[cfg(test)]
mod tests;
