//! Work that is held: by `spec.suspend`, or by a queue that has not admitted its Job.

use std::time::Duration;

use datacrowd_crds::{
    condition::{Phase, Reason, Verdict},
    names::QUEUE_LABEL,
};
use k8s_openapi::api::batch::v1::Job;
use kube::{ResourceExt, runtime::controller::Action};

use super::{Work, created, jobs};
use crate::{error::Error, managed::Managed};

impl<K: Managed> Work<'_, K> {
    /// The queue that decides when the Job starts.
    pub(super) fn queue(&self) -> Option<&str> {
        let labels = self.pass.object.labels();
        labels.get(QUEUE_LABEL).map(String::as_str)
    }

    /// `spec.suspend` is set: no Job begins, and one that runs is held. A queue's Job is the queue's to hold.
    pub(super) async fn hold(mut self, job: Option<&Job>) -> Result<Action, Error> {
        if let (Some(job), None) = (job, self.queue()) {
            let held = job.spec.as_ref().is_some_and(|s| s.suspend == Some(true));
            if !held && !jobs::is_finished(job) {
                jobs::suspend(self.ctx, job, true).await?;
            }
        }
        self.observe_retry();
        let verdict = Verdict::new(
            Phase::Waiting,
            Reason::Suspended,
            "spec.suspend is true; set it to false to go on.",
        );
        self.write(&verdict).await?;
        Ok(self.ctx.settled(false))
    }

    /// Nothing holds the Job any more but a queue.
    pub(super) async fn resume(mut self, job: Option<&Job>) -> Result<Action, Error> {
        self.observe_retry();
        if self.queue().is_some() {
            let message = "The Job waits for its queue to admit it.";
            let verdict = Verdict::new(Phase::Waiting, Reason::Queued, message);
            self.write(&verdict).await?;
            return Ok(self.ctx.poll());
        }
        if let Some(job) = job {
            jobs::suspend(self.ctx, job, false).await?;
        }
        self.write(&created()).await?;
        Ok(Action::requeue(Duration::from_secs(5)))
    }
}
