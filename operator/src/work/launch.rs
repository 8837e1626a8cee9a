//! From an open gate to a recorded Job. Each effect may be repeated, and none may be left out.

use datacrowd_crds::{
    condition::{Phase, Reason, Verdict},
    names::{QUEUE_LABEL, TRACE},
};
use datacrowd_protocol::ids::RunId;
use kube::{Api, ResourceExt, runtime::controller::Action};
use tracing::{Instrument as _, Span};

use super::{
    Work, created,
    decide::LOOK_AGAIN,
    jobs::{self, Created},
    manifest::{self, Plan},
};
use crate::{
    error::Error,
    managed::{Identity, Managed},
    tenancy,
};

impl<K: Managed> Work<'_, K> {
    /// Makes sure of the attempt's Job, then writes both down. The gate counted the attempt and the Job's name holds it, so
    /// that who comes after an interruption finds the same Job.
    pub(super) async fn launch(mut self, attempt: i32, run: RunId) -> Result<Action, Error> {
        self.attempts.attempt = Some(attempt);
        self.attempts.job_ref = None;
        self.observe_retry();
        let namespace = &self.pass.who.namespace;
        let (is_current, tenant) =
            tokio::try_join!(self.is_current(), tenancy::tenant(self.ctx, namespace))?;
        // Perhaps the Job was there already, and is gone: that is another attempt, not this one again. And in a
        // namespace that changed hands nothing begins for the tenant before.
        if !is_current || tenant.as_ref() != Some(&self.spec.tenant) {
            return Err(Error::Conflict);
        }
        match self.create_job(attempt, run).await? {
            Created::Ours(job) => {
                self.attempts.job_ref = Some(jobs::job_ref(&job));
                self.write(&created()).await?;
                Ok(Action::requeue(LOOK_AGAIN))
            }
            refused => self.not_created(refused).await,
        }
    }

    async fn create_job(&self, attempt: i32, run: RunId) -> Result<Created, Error> {
        let object = self.pass.object.as_ref();
        let span = self.span(attempt);
        let owner = object.controller_owner_ref(&());
        let plan = Plan {
            who: &self.pass.who,
            owner: owner.ok_or(Error::Malformed("uid"))?,
            template: &self.spec.job,
            attempt,
            run,
            correlation: &self.pass.correlation,
            traceparent: datacrowd_telemetry::traceparent(&span),
            queue: self.queue().map(|queue| (QUEUE_LABEL, queue)),
        };
        let job = manifest::job(&plan, &self.ctx.settings);
        let creation = jobs::create(self.ctx, &self.pass.who, &job);
        creation.instrument(span).await
    }

    /// What the run goes on with: the trace in which it was asked for.
    fn span(&self, attempt: i32) -> Span {
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
        if let Some(parent) = self.pass.annotation(TRACE) {
            datacrowd_telemetry::continue_trace(&span, parent);
        }
        span
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
        self.wait(verdict).await
    }
}
