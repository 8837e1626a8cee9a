//! What an attempt's facts ask for. Pure; it holds the rules of retrying.

use std::time::Duration;

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{
    internal::RunView,
    run::{RunOutcome, RunReason},
};
use k8s_openapi::jiff::Timestamp;

use super::outcome::{Failure, Seen, remedy};

/// When an attempt that goes on is looked at again, unless its Job says something before: its pods and the platform's
/// counters wake nobody.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How long a completed Job may wait for the platform to say the same.
const COMPLETION_GRACE_SECONDS: i64 = 60;

/// The attempt's Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobFact {
    /// There is none; `recorded` when there was one.
    Absent { recorded: bool },
    /// One of its name belongs to someone else.
    Foreign,
    /// It is there.
    Present(Seen),
}

/// Everything a decision rests on.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    /// The latest attempt; 0 before the first.
    pub attempt: i32,
    /// Its Job.
    pub job: JobFact,
    /// Since when a recorded Job is known to be gone.
    pub lost_since: Option<Timestamp>,
    /// Its run on the platform.
    pub run: Option<&'a RunView>,
    /// Someone asked for another attempt after a failure.
    pub retry: bool,
    pub now: Timestamp,
}

/// An attempt that ended, and whether the platform knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub attempt: i32,
    pub failure: Failure,
    pub reported: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Pass the gate and create this attempt's Job, once `after` is reported.
    Begin { attempt: i32, after: Option<Ended> },
    /// Look again later.
    Watch { verdict: Verdict, again: Duration },
    /// Let the Job go on.
    Resume,
    /// Nothing until someone acts.
    Fail {
        reason: Reason,
        message: String,
        ended: Option<Ended>,
    },
}

/// The next step of an attempt.
pub(crate) fn decide(facts: &Facts<'_>) -> Step {
    if facts.attempt == 0 {
        return Step::Begin {
            attempt: 1,
            after: None,
        };
    }
    let known = facts.run.and_then(failed);
    match (&facts.job, known) {
        (JobFact::Foreign, _) => Step::Fail {
            reason: Reason::NameConflict,
            message: "A Job of the needed name belongs to someone else; delete that Job.".into(),
            ended: None,
        },
        // The platform's word counts for more than the Job's.
        (JobFact::Present(seen), Some(failure)) => {
            let at = match seen {
                Seen::Failed(failure) => failure.at,
                Seen::Succeeded(at) => *at,
                Seen::Active(_) | Seen::Suspended => None,
            };
            ended(facts, Failure { at, ..failure }, true)
        }
        (JobFact::Absent { .. }, Some(failure)) => ended(facts, failure, true),
        (JobFact::Absent { recorded: false }, None) => Step::Begin {
            attempt: facts.attempt,
            after: None,
        },
        (JobFact::Absent { recorded: true }, None) => ended(
            facts,
            Failure::new(RunReason::JobLost, facts.lost_since),
            false,
        ),
        (JobFact::Present(Seen::Active(verdict)), None) => Step::Watch {
            verdict: verdict.clone(),
            again: match verdict.reason {
                Reason::JobPending => Duration::from_secs(15),
                _ => LOOK_AGAIN,
            },
        },
        (JobFact::Present(Seen::Suspended), None) => Step::Resume,
        (JobFact::Present(Seen::Succeeded(at)), None) => completed(facts, *at),
        (JobFact::Present(Seen::Failed(failure)), None) => ended(facts, failure.clone(), false),
    }
}

/// How the platform says the run failed, if it says so.
fn failed(run: &RunView) -> Option<Failure> {
    if run.outcome != Some(RunOutcome::Failed) {
        return None;
    }
    let reason = run.reason.unwrap_or(RunReason::BackoffLimitExceeded);
    Some(Failure {
        reason,
        message: run
            .message
            .clone()
            .unwrap_or_else(|| remedy(reason).to_owned()),
        at: None,
    })
}

/// The Job completed and the platform does not say so yet: the answer is older than the Job's end,
/// or the runner left without a word.
fn completed(facts: &Facts<'_>, at: Option<Timestamp>) -> Step {
    let since = at.map_or(0, |at| facts.now.as_second() - at.as_second());
    if since > COMPLETION_GRACE_SECONDS {
        return ended(facts, Failure::new(RunReason::JobLost, at), false);
    }
    Step::Watch {
        verdict: Verdict::new(Phase::Running, Reason::JobRunning, "The Job is running."),
        again: Duration::from_secs(1),
    }
}

/// What follows an attempt that ended without success.
fn ended(facts: &Facts<'_>, failure: Failure, reported: bool) -> Step {
    let progressed = facts.run.is_some_and(|run| run.progressed);
    let by_itself = match failure.reason {
        RunReason::QuotaExceeded | RunReason::JobLost => true,
        RunReason::OutOfMemory | RunReason::BackoffLimitExceeded | RunReason::DeadlineExceeded => {
            progressed
        }
        RunReason::BadInput
        | RunReason::TooManyInvalidRows
        | RunReason::SourceNotFound
        | RunReason::SourceChanged
        | RunReason::SourceForbidden
        | RunReason::CredentialsRejected
        | RunReason::InvalidModel
        | RunReason::Misconfigured => false,
    };
    let ended = Ended {
        attempt: facts.attempt,
        failure,
        reported,
    };
    if !by_itself && !facts.retry {
        return Step::Fail {
            reason: ended.failure.reason.into(),
            message: ended.failure.message.clone(),
            ended: Some(ended),
        };
    }
    if let (Some(again), false) = (pause_left(facts, &ended.failure), facts.retry) {
        let message = "The attempt ended early and another follows by itself.";
        return Step::Watch {
            verdict: Verdict::new(Phase::Running, Reason::RetryingAfterFailure, message),
            again,
        };
    }
    Step::Begin {
        attempt: facts.attempt + 1,
        after: Some(ended),
    }
}

/// What is left of the pause between two attempts: 10 s × 2ⁿ, at most 5 minutes, from the Job's end.
fn pause_left(facts: &Facts<'_>, failure: &Failure) -> Option<Duration> {
    if failure.reason == RunReason::QuotaExceeded {
        return None;
    }
    let exponent = u32::try_from(facts.attempt - 1).unwrap_or(0).min(5);
    let pause = (10 * 2i64.pow(exponent)).min(300);
    let left = failure.at?.as_second() + pause - facts.now.as_second();
    u64::try_from(left)
        .ok()
        .filter(|left| *left > 0)
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
