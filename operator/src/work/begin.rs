//! May an attempt begin? First the cap of the namespace, then the platform's gate. A closed gate is a state, not an error.

use std::time::Duration;

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{
    internal::ReportFailure,
    run::{BeginRun, RunReason},
};
use k8s_openapi::api::batch::v1::Job;
use kube::runtime::controller::Action;

use super::{Work, decide::Ended, jobs};
use crate::{error::Error, managed::Managed, platform::Refusal, upsert::refused};

impl<K: Managed> Work<'_, K> {
    /// Tells the platform of an end that the runner did not report.
    pub(super) async fn report(&self, ended: Option<&Ended>) -> Result<(), Error> {
        let Some(ended) = ended.filter(|ended| !ended.reported) else {
            return Ok(());
        };
        let body = ReportFailure {
            uid: self.pass.who.uid,
            attempt: ended.attempt,
            reason: ended.failure.reason,
            message: ended.failure.message.clone(),
        };
        let sent = self
            .ctx
            .platform
            .report_failure(K::RESOURCE, self.spec.id, &body, &self.pass.correlation)
            .await;
        if let Err(error) = sent {
            // A refusal means that the run is not there to be told of.
            error.refusal()?;
        }
        Ok(())
    }

    /// Gate, Job, status. The Job of the attempt before may go once the platform knows its outcome.
    pub(super) async fn begin(
        self,
        attempt: i32,
        after: Option<Ended>,
        before: Option<&Job>,
    ) -> Result<Action, Error> {
        self.report(after.as_ref()).await?;
        if let Some(job) = before {
            jobs::let_expire(self.ctx, job).await?;
        }
        let ctx = self.ctx;
        let most = ctx.settings.max_jobs_per_namespace;
        // Held until the Job is there, or two passes would count the same free place.
        let _creating = match most {
            Some(_) => Some(ctx.creating.lock().await),
            None => None,
        };
        if let Some(most) = most
            && !self.has_place(most).await?
        {
            let message =
                "As many Jobs as allowed run in this namespace; this one follows by itself.";
            return self
                .wait(Verdict::new(Phase::Waiting, Reason::Queued, message))
                .await;
        }
        let body = BeginRun {
            uid: self.pass.who.uid,
            attempt,
        };
        let gate = self
            .ctx
            .platform
            .begin(K::RESOURCE, self.spec.id, &body, &self.pass.correlation)
            .await;
        let begun = match gate {
            Ok(begun) => begun,
            Err(error) => {
                let refusal = error.refusal()?;
                return self.gated(&refusal, after.as_ref()).await;
            }
        };
        let Some(run) = begun.run_id.filter(|_| !begun.completed) else {
            // Succeeded in between: the next pass reads the result.
            return Ok(Action::requeue(Duration::from_secs(1)));
        };
        self.launch(attempt, run).await
    }

    async fn gated(self, refusal: &Refusal, after: Option<&Ended>) -> Result<Action, Error> {
        let ran_dry = after.is_some_and(|e| e.failure.reason == RunReason::QuotaExceeded);
        let (phase, reason, message) = match refusal.code.as_str() {
            "payment_required" if ran_dry => (
                Phase::Waiting,
                Reason::QuotaExceeded,
                "The project's quota ended before the file did; buy judgements and the run goes on by itself.".into(),
            ),
            "debt_owed" => (Phase::Waiting, Reason::AwaitingPayment, refusal.message.clone()),
            "payment_required" => (Phase::Waiting, Reason::AwaitingPayment, self.spec.awaiting_payment.into()),
            "export_not_due" => (Phase::Waiting, Reason::AwaitingCompletion, refusal.message.clone()),
            "prediction_not_due" => (Phase::Waiting, Reason::AwaitingGeneration, refusal.message.clone()),
            "project_not_active" => (Phase::Waiting, Reason::ProjectPaused, refusal.message.clone()),
            _ => return self.wait(refused(refusal)).await,
        };
        self.wait(Verdict::new(phase, reason, message)).await
    }
}
