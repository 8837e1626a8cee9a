//! Why a run stops before its end, and what becomes of it: exit code and termination message.

use datacrowd_protocol::{
    exit,
    run::{RunOutcome, RunReason, TerminationMessage},
};

/// What interrupts a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Another pod, or a later opener of this pod, holds the run.
    #[error("the run was taken over")]
    Fenced,
    /// The run, its dataset or its export is gone.
    #[error("the run's dataset or export no longer exists")]
    Gone,
    /// The platform does not accept the pod's token.
    #[error("the platform refused the pod's token: {0}")]
    Forbidden(String),
    /// The run cannot succeed without a change; the platform is told so.
    #[error("{message}")]
    Failed {
        /// The class of the cause.
        reason: RunReason,
        /// A sentence for the client, with the remedy.
        message: String,
    },
    /// Something is out of reach; a later pod may succeed.
    #[error("{0}")]
    TryAgain(String),
    /// The pod is being ended.
    #[error("the pod was asked to stop")]
    Stopped,
}

impl Halt {
    /// A failure that the platform is told of.
    pub fn failed(reason: RunReason, message: impl Into<String>) -> Self {
        Self::Failed {
            reason,
            message: message.into(),
        }
    }
}

/// Rows of a run so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records read, refused ones included, or written.
    pub rows: i64,
    /// Records refused.
    pub rejected: i64,
    /// Rows of empty cells.
    pub blank: i64,
}

/// How the process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Everything was loaded or written, and the platform knows.
    Done(Counts),
    /// The run had ended before this pod came.
    AlreadyDone,
    /// It was interrupted.
    Halted(Halt, Counts),
}

impl End {
    /// The process's exit code, by [`datacrowd_protocol::exit`].
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Done(_) | Self::AlreadyDone => exit::DONE,
            Self::Halted(halt, _) => match halt {
                Halt::Failed { reason, .. } => code_of(*reason),
                Halt::Gone => exit::GONE,
                Halt::Forbidden(_) => exit::FORBIDDEN,
                Halt::Fenced | Halt::TryAgain(_) | Halt::Stopped => exit::TRY_AGAIN,
            },
        }
    }

    /// What the operator reads from the pod when the platform could not be told. Nothing when another pod
    /// may still succeed: the outcome is not known.
    #[must_use]
    pub fn termination(&self) -> Option<TerminationMessage> {
        let (outcome, reason, message, counts) = match self {
            Self::Done(counts) => (RunOutcome::Succeeded, None, None, *counts),
            Self::AlreadyDone => return None,
            Self::Halted(halt, counts) => match halt {
                Halt::Failed { reason, message } => (
                    RunOutcome::Failed,
                    Some(*reason),
                    Some(message.clone()),
                    *counts,
                ),
                Halt::Gone | Halt::Forbidden(_) => {
                    (RunOutcome::Failed, None, Some(halt.to_string()), *counts)
                }
                Halt::Fenced | Halt::TryAgain(_) | Halt::Stopped => return None,
            },
        };
        Some(TerminationMessage {
            outcome,
            reason,
            message: message.map(|text| truncated(&text, MAX_MESSAGE_BYTES)),
            rows: counts.rows,
            rejected: counts.rejected,
        })
    }
}

/// Kubernetes keeps 4 KiB; JSON's escapes of client text may multiply a byte by six.
const MAX_MESSAGE_BYTES: usize = 600;

fn code_of(reason: RunReason) -> i32 {
    match reason {
        RunReason::BadInput
        | RunReason::TooManyInvalidRows
        | RunReason::SourceChanged
        | RunReason::InvalidModel => exit::BAD_INPUT,
        RunReason::SourceNotFound => exit::GONE,
        RunReason::SourceForbidden | RunReason::CredentialsRejected => exit::FORBIDDEN,
        RunReason::QuotaExceeded => exit::QUOTA,
        RunReason::Misconfigured => exit::MISCONFIGURED,
        // The operator's own findings; no Job reports them.
        RunReason::DeadlineExceeded
        | RunReason::BackoffLimitExceeded
        | RunReason::OutOfMemory
        | RunReason::JobLost => exit::TRY_AGAIN,
    }
}

/// At most `bytes` of `text`, cut between characters.
#[must_use]
pub fn truncated(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datacrowd_protocol::WireEnum as _;

    #[test]
    fn every_reason_has_a_code_and_permanent_ones_end_the_job() {
        for reason in RunReason::ALL {
            let end = End::Halted(Halt::failed(*reason, "why"), Counts::default());
            let permanent = exit::PERMANENT.contains(&end.exit_code());
            assert!(
                permanent || end.exit_code() == exit::TRY_AGAIN,
                "{reason:?}"
            );
        }
    }

    #[test]
    fn a_termination_message_of_the_worst_text_fits_into_4_kib() {
        let halt = Halt::failed(RunReason::BadInput, "\u{1}".repeat(100_000));
        let message = End::Halted(halt, Counts::default()).termination().unwrap();
        assert!(serde_json::to_vec(&message).unwrap().len() <= 4096);
    }

    #[test]
    fn an_end_that_another_pod_may_turn_into_success_leaves_no_message() {
        for halt in [Halt::Stopped, Halt::Fenced, Halt::TryAgain("x".to_owned())] {
            let end = End::Halted(halt, Counts::default());
            assert_eq!(
                (end.exit_code(), end.termination()),
                (exit::TRY_AGAIN, None)
            );
        }
    }
}
