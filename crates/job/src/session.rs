//! What all kinds of run share: to open, to stay alive, to stop, to report the end.

use std::{future::Future, sync::Arc, time::Duration};

use datacrowd_protocol::run::{CompleteRun, OpenRun, RunOutcome, SourceFound, UploadedPart};
use tokio_util::sync::CancellationToken;

use crate::{
    halt::{Counts, End, Halt},
    heartbeat::keep_alive,
    platform::{Platform, PlatformError},
    retry::RetryPolicy,
};

/// Time for the call in flight after the pod was asked to stop; well below the grace period of a pod.
const GRACE: Duration = Duration::from_secs(5);
/// A pod that loses its run so often fights with another one, and should leave it alone.
pub const MOST_TAKEOVERS: usize = 10;

/// One pod's work on one run. `O` is what only this kind of Job has.
pub struct Session<O = ()> {
    /// The platform, for this run.
    pub platform: Arc<Platform>,
    /// For the object store.
    pub http: reqwest::Client,
    /// What only this kind of Job has.
    pub own: O,
    /// Uid of the pod.
    pub pod_uid: String,
    /// Limits of trying again.
    pub retry_policy: RetryPolicy,
    /// Cancelled when the pod is asked to stop.
    pub stop: CancellationToken,
}

/// A run that reached its end.
#[derive(Debug, Default)]
pub struct Finished {
    /// Rows read or written.
    pub counts: Counts,
    /// SHA-256 of an export, in hexadecimal.
    pub sha256: Option<String>,
    /// Size of an export.
    pub size_bytes: Option<i64>,
    /// Parts of an export.
    pub parts: Vec<UploadedPart>,
}

impl Session {
    /// The session of a Job that has something of its own.
    #[must_use]
    pub fn with<O>(self, own: O) -> Session<O> {
        let Self {
            platform,
            http,
            own: (),
            pod_uid,
            retry_policy,
            stop,
        } = self;
        Session {
            platform,
            http,
            own,
            pod_uid,
            retry_policy,
            stop,
        }
    }
}

impl<O> Session<O> {
    /// Calls `open` until the run is no longer held by another pod.
    ///
    /// # Errors
    /// The run is gone, or no retry is left.
    pub async fn open<T, F>(
        &self,
        source: Option<SourceFound>,
        open: impl Fn(OpenRun) -> F,
    ) -> Result<T, Halt>
    where
        F: Future<Output = Result<T, PlatformError>>,
    {
        let body = OpenRun {
            pod_uid: self.pod_uid.clone(),
            source,
        };
        let opening = async {
            let mut backoff = self.retry_policy.start();
            loop {
                let retry_after = match open(body.clone()).await {
                    Err(PlatformError::Held { retry_after }) => retry_after,
                    other => return other.map_err(Halt::from),
                };
                let Some(wait) = backoff.next(retry_after) else {
                    return Err(Halt::TryAgain("Another pod holds the run.".to_owned()));
                };
                tracing::info!(wait_ms = wait.as_millis(), "another pod holds the run");
                tokio::time::sleep(wait).await;
            }
        };
        tokio::select! {
            opened = opening => opened,
            () = self.stop.cancelled() => Err(Halt::Stopped),
        }
    }

    /// Does `work` under `epoch`, with heartbeats, until it ends, the run is lost or the pod must stop.
    ///
    /// # Errors
    /// Those of `work`, and what heartbeats find out.
    pub async fn hold<T>(
        &self,
        epoch: i64,
        work: impl Future<Output = Result<T, Halt>>,
    ) -> Result<T, Halt> {
        tokio::select! {
            result = work => result,
            halt = keep_alive(&self.platform, epoch, self.retry_policy.heartbeat) => Err(halt),
            () = self.grace_over() => Err(Halt::Stopped),
        }
    }

    /// Reports how the run ended. `None` means that somebody else has it now: open again.
    pub async fn conclude(
        &self,
        epoch: i64,
        result: Result<Finished, Halt>,
        counts: Counts,
    ) -> Option<End> {
        let report = match &result {
            Ok(finished) => succeeded(epoch, finished),
            Err(Halt::Failed { reason, message }) => CompleteRun {
                outcome: RunOutcome::Failed,
                reason: Some(*reason),
                message: Some(message.clone()),
                ..succeeded(
                    epoch,
                    &Finished {
                        counts,
                        ..Finished::default()
                    },
                )
            },
            Err(Halt::Fenced) => return None,
            Err(halt) => return Some(End::Halted(halt.clone(), counts)),
        };
        let told = tokio::select! {
            told = self.platform.complete(&report) => told,
            () = self.grace_over() => Err(PlatformError::Unreachable("asked to stop".to_owned())),
        };
        match (told, result) {
            (Err(PlatformError::Held { .. }), _) => None,
            (Ok(()), Ok(finished)) => Some(End::Done(finished.counts)),
            (Err(error), Ok(finished)) => Some(End::Halted(error.into(), finished.counts)),
            // A failure that the platform did not hear of is in the exit code and the termination message.
            (_, Err(halt)) => Some(End::Halted(halt, counts)),
        }
    }

    async fn grace_over(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }
}

fn succeeded(epoch: i64, finished: &Finished) -> CompleteRun {
    CompleteRun {
        epoch,
        outcome: RunOutcome::Succeeded,
        reason: None,
        message: None,
        rows: finished.counts.rows,
        rejected: finished.counts.rejected,
        blank: finished.counts.blank,
        sha256: finished.sha256.clone(),
        size_bytes: finished.size_bytes,
        parts: finished.parts.clone(),
    }
}

/// A run that changed hands too often.
#[must_use]
pub fn fought_over(counts: Counts) -> End {
    End::Halted(
        Halt::TryAgain(format!("The run changed hands {MOST_TAKEOVERS} times.")),
        counts,
    )
}
