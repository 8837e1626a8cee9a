//! From a closed gate to a recorded Job. Each effect may be repeated, and none may be left out.

use std::time::Duration;

use datacrowd_crds::{
    Dataset, Export,
    condition::{ConditionType, Phase, Reason, Verdict},
    names::{QUEUE_LABEL, TRACE},
};
use datacrowd_protocol::{
    ids::RunId,
    internal::ReportFailure,
    run::{BeginRun, RunReason},
};
use k8s_openapi::{api::batch::v1::Job, apimachinery::pkg::apis::meta::v1::Time};
use kube::{Api, ResourceExt, api::ListParams, runtime::controller::Action};
use tracing::Instrument as _;

use super::{Attempts, Runs, created, decide::Ended};
use crate::{
    context::Context,
    error::Error,
    job::{
        self, Created,
        build::{self, Plan},
    },
    managed::{Identity, Managed, StatusShape},
    platform::Refusal,
};

impl<K: Runs> Attempts<'_, K> {
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
            .report_failure(K::RESOURCE, K::id(self.view), &body, &self.pass.correlation)
            .await;
        if let Err(error) = sent {
            // A refusal means that the run is not there to be told of.
            error.refusal()?;
        }
        Ok(())
    }

    /// Gate, status, Job, status. The Job of the attempt before may go once the platform knows its outcome.
    pub(super) async fn begin(
        self,
        attempt: i32,
        after: Option<Ended>,
        before: Option<&Job>,
    ) -> Result<Action, Error> {
        self.report(after.as_ref()).await?;
        if let Some(job) = before {
            job::let_expire(self.ctx, job).await?;
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
            let verdict = Verdict::new(Phase::Waiting, Reason::Queued, message);
            return self.rest(verdict, ctx.poll()).await;
        }
        let body = BeginRun {
            uid: self.pass.who.uid,
            attempt,
        };
        let gate = self
            .ctx
            .platform
            .begin(K::RESOURCE, K::id(self.view), &body, &self.pass.correlation)
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

    /// Whether one more Job may run in the namespace, and no older resource waits for that place.
    async fn has_place(&self, most: usize) -> Result<bool, Error> {
        let (ctx, namespace) = (self.ctx, &self.pass.who.namespace);
        let running = job::running(ctx, namespace).await?;
        if running >= most {
            return Ok(false);
        }
        let mine = age(self.pass.object.as_ref());
        let older = queued::<Dataset>(ctx, namespace, &mine).await?
            + queued::<Export>(ctx, namespace, &mine).await?;
        Ok(running + older < most)
    }

    /// Writes the attempt down, then makes sure of its Job.
    async fn launch(mut self, attempt: i32, run: RunId) -> Result<Action, Error> {
        let known = self.pass.object.ledger().attempt;
        self.ledger.attempt = Some(attempt);
        self.ledger.job_ref = None;
        self.observe_retry();
        // Written down by an earlier pass, it stays as that pass left it until the Job is there.
        if known != Some(attempt) {
            self.write(&created()).await?;
        } else if !self.is_current().await? {
            // Perhaps the Job was there already, and is gone: that is another attempt, not this one again.
            return Err(Error::Conflict);
        }
        let object = self.pass.object.clone();
        let Identity {
            namespace, name, ..
        } = &self.pass.who;
        let span = tracing::error_span!(
            "create Job",
            otel.kind = "producer",
            kind = K::KIND,
            namespace,
            name,
            attempt
        );
        if let Some(parent) = object.annotations().get(TRACE) {
            datacrowd_telemetry::continue_trace(&span, parent);
        }
        let queue = object.labels().get(QUEUE_LABEL);
        let plan = Plan {
            who: &self.pass.who,
            owner: object
                .controller_owner_ref(&())
                .ok_or(Error::Malformed("uid"))?,
            command: K::COMMAND,
            mark: K::MARK,
            label: K::LABEL,
            attempt,
            run,
            correlation: &self.pass.correlation,
            traceparent: datacrowd_telemetry::traceparent(&span),
            secret: object.secret(),
            queue: queue.map(|queue| (QUEUE_LABEL, queue.as_str())),
        };
        let job = build::job(&plan, &self.ctx.settings);
        let creation = job::create(self.ctx, &self.pass.who, &job);
        match creation.instrument(span).await? {
            Created::Ours(job) => {
                self.ledger.job_ref = Some(job::job_ref(&job));
                self.write(&created()).await?;
                Ok(Action::requeue(Duration::from_secs(5)))
            }
            refused => self.not_created(refused).await,
        }
    }

    /// Whether this pass sees the resource as it is now.
    async fn is_current(&self) -> Result<bool, Error> {
        let Identity {
            namespace, name, ..
        } = &self.pass.who;
        let objects: Api<K> = Api::namespaced(self.ctx.client.clone(), namespace);
        let now = objects
            .get_metadata_opt(name)
            .await
            .map_err(Error::kube("looking whether the resource changed"))?;
        let version = now.and_then(|now| now.resource_version());
        Ok(version == self.pass.object.resource_version())
    }

    async fn not_created(self, refused: Created) -> Result<Action, Error> {
        let verdict = match refused {
            Created::NamespaceTerminating => Verdict::new(
                Phase::Waiting,
                Reason::Deleting,
                "The namespace is being deleted; nothing more begins here.",
            ),
            Created::Refused(why) => Verdict::new(
                Phase::Waiting,
                Reason::JobPending,
                format!("The cluster refuses the Job; lift what it names: {why}"),
            ),
            Created::Foreign | Created::Ours(_) => Verdict::new(
                Phase::Failed,
                Reason::NameConflict,
                "A Job of the needed name belongs to someone else; delete that Job.",
            ),
        };
        let again = self.ctx.poll();
        self.rest(verdict, again).await
    }

    /// The gate is closed: that is a state, not an error.
    async fn gated(self, refusal: &Refusal, after: Option<&Ended>) -> Result<Action, Error> {
        let ran_dry = after.is_some_and(|e| e.failure.reason == RunReason::QuotaExceeded);
        let (phase, reason, message) = match refusal.code.as_str() {
            "payment_required" if ran_dry => (
                Phase::Waiting,
                Reason::QuotaExceeded,
                "The project's quota ended before the file did; buy judgements and the run goes on by itself.".into(),
            ),
            "debt_owed" => (Phase::Waiting, Reason::AwaitingPayment, refusal.message.clone()),
            "payment_required" => (Phase::Waiting, Reason::AwaitingPayment, K::awaiting_payment(self.view)),
            "export_not_due" => (Phase::Waiting, Reason::AwaitingCompletion, refusal.message.clone()),
            "project_not_active" => (Phase::Waiting, Reason::ProjectPaused, refusal.message.clone()),
            _ => {
                let verdict = refused(refusal);
                let again = self.ctx.poll();
                return self.rest(verdict, again).await;
            }
        };
        let again = self.ctx.poll();
        self.rest(Verdict::new(phase, reason, message), again).await
    }
}

/// Older resources come first; of two that are as old, an order that holds.
fn age<K: ResourceExt>(object: &K) -> (Option<Time>, Option<String>) {
    (object.creation_timestamp(), object.uid())
}

/// How many resources of a kind wait for a place for longer than this age.
async fn queued<K: Managed>(
    ctx: &Context,
    namespace: &str,
    mine: &(Option<Time>, Option<String>),
) -> Result<usize, Error> {
    let objects: Api<K> = Api::namespaced(ctx.client.clone(), namespace);
    let list = objects
        .list(&ListParams::default())
        .await
        .map_err(Error::kube("looking who else is queued"))?;
    let waits = |object: &&K| {
        let conditions = object.status().map_or(&[][..], StatusShape::conditions);
        let mut ready = conditions.iter().filter(|c| c.kind == ConditionType::Ready);
        ready.any(|c| c.reason == Reason::Queued.as_str())
            && object.meta().deletion_timestamp.is_none()
            && !object.labels().contains_key(QUEUE_LABEL)
            && age(*object) < *mine
    };
    Ok(list.iter().filter(waits).count())
}

/// What a refusal of the platform means for the resource.
pub(crate) fn refused(refusal: &Refusal) -> Verdict {
    let (phase, reason) = match (refusal.status, refusal.code.as_str()) {
        (_, "project_not_found") => (Phase::Waiting, Reason::ProjectNotFound),
        (_, "project_not_active" | "project_ended" | "project_not_accepted") => {
            (Phase::Waiting, Reason::ProjectNotReady)
        }
        (_, "rows_going") => (Phase::Waiting, Reason::Deleting),
        (_, "identity_changed") => (Phase::Failed, Reason::IdentityChanged),
        (_, "namespace_not_bound") => (Phase::Waiting, Reason::NamespaceNotBound),
        (410, _) => (Phase::Failed, Reason::ProjectReplaced),
        _ => (Phase::Failed, Reason::InvalidSpec),
    };
    let message = match reason {
        Reason::ProjectReplaced => {
            "The platform let go of this resource; delete it and apply it again.".into()
        }
        _ => refusal.message.clone(),
    };
    Verdict::new(phase, reason, message)
}
