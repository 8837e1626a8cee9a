//! What Datasets, Exports, Models and Predictions share: attempts, each one run on the platform and one Job. A kind says what it asks by a
//! [`WorkSpec`]; the engine observes the latest attempt, decides by pure rules, and takes one step. The order of effects
//! makes every interruption harmless: gate, which counts the attempt → look for the Job of that name → create it → status.

pub(crate) mod advice;
mod begin;
pub(crate) mod decide;
mod hold;
pub(crate) mod jobs;
mod launch;
pub(crate) mod manifest;
mod observe;
pub(crate) mod outcome;
mod queue;
mod spec;

pub(crate) use spec::{AttemptState, IN_DEBT, JobTemplate, Limits, RUNNER, WorkSpec};

use datacrowd_crds::{
    condition::{Phase, Reason, Verdict},
    names::RETRY_AT,
};
use k8s_openapi::api::batch::v1::Job;
use kube::runtime::controller::Action;

use crate::{
    context::Context,
    error::Error,
    managed::{Managed, Pass},
};
use advice::advice;
use decide::{Ended, Step, decide};
use observe::Observed;

/// Composes the whole status, but for its conditions.
pub(crate) type Compose<'a, K> =
    dyn Fn(&K, &AttemptState) -> <K as kube::core::object::HasStatus>::Status + Send + Sync + 'a;

/// A pass over a resource whose work is done by Jobs, after the platform has answered.
pub(crate) struct Work<'a, K: Managed> {
    ctx: &'a Context,
    pass: Pass<K>,
    spec: WorkSpec,
    attempts: AttemptState,
    compose: &'a Compose<'a, K>,
}

impl<'a, K: Managed> Work<'a, K> {
    pub(crate) fn new(
        ctx: &'a Context,
        pass: Pass<K>,
        spec: WorkSpec,
        compose: &'a Compose<'a, K>,
    ) -> Self {
        let attempts = AttemptState {
            deletion_policy: Some(spec.policy),
            ..spec.attempts.clone()
        };
        Self {
            ctx,
            pass,
            spec,
            attempts,
            compose,
        }
    }

    /// The next step; `known` is what the platform's view says without a look at Jobs, and `settled` when to look again
    /// at what is done.
    pub(crate) async fn pass(
        self,
        known: Option<Verdict>,
        settled: Action,
    ) -> Result<Action, Error> {
        match known {
            Some(done) if done.phase == Phase::Done => self.done(done, settled).await,
            Some(waiting) => self.wait(waiting).await,
            None => self.advance().await,
        }
    }

    /// There is nothing left to do; a finished Job may go.
    async fn done(mut self, verdict: Verdict, again: Action) -> Result<Action, Error> {
        self.observe_retry();
        let job = self.recorded_job().await?;
        self.finish(&verdict, job.as_ref()).await?;
        Ok(again)
    }

    /// Nothing happens to the attempts; the numbers are the platform's.
    async fn wait(mut self, verdict: Verdict) -> Result<Action, Error> {
        let again = self.ctx.poll();
        self.write(&verdict).await?;
        Ok(again)
    }

    /// The next step of the latest attempt.
    async fn advance(mut self) -> Result<Action, Error> {
        let Observed { facts, job } = self.observe().await?;
        let step = decide(&facts);
        tracing::debug!(
            kind = K::KIND,
            namespace = self.pass.who.namespace,
            name = self.pass.who.name,
            ?step,
            "decided"
        );
        match (step, self.spec.suspended) {
            (Step::Begin { .. } | Step::Watch { .. } | Step::Resume, true) => {
                self.hold(job.as_ref()).await
            }
            (Step::Begin { attempt, after }, false) => {
                self.begin(attempt, after, job.as_ref()).await
            }
            (Step::Watch { verdict, again }, false) => {
                self.observe_retry();
                self.write(&verdict).await?;
                Ok(Action::requeue(again))
            }
            (Step::Resume, false) => self.resume(job.as_ref()).await,
            (
                Step::Fail {
                    reason,
                    message,
                    ended,
                },
                _,
            ) => {
                let failure = Verdict::new(Phase::Failed, reason, message);
                self.fail(failure, ended.as_ref(), job.as_ref()).await
            }
        }
    }

    /// The attempt failed, and nothing follows until someone acts.
    async fn fail(
        mut self,
        mut verdict: Verdict,
        ended: Option<&Ended>,
        job: Option<&Job>,
    ) -> Result<Action, Error> {
        self.report(ended).await?;
        self.observe_retry();
        let (reason, who) = (verdict.reason, &self.pass.who);
        if let Some(advice) = advice(reason, K::KIND, who, self.spec.replaceable) {
            verdict.message = format!("{} {advice}", verdict.message);
        }
        self.finish(&verdict, job).await?;
        Ok(self.ctx.settled(false))
    }

    fn observe_retry(&mut self) {
        if let Some(asked) = self.pass.annotation(RETRY_AT) {
            self.attempts.observed_retry_at = Some(asked.chars().take(253).collect());
        }
    }

    async fn write(&mut self, verdict: &Verdict) -> Result<(), Error> {
        let status = (self.compose)(&self.pass.object, &self.attempts);
        let job = self.attempts.job_ref.as_ref();
        let related = job.map(|job| jobs::reference(&self.pass.who.namespace, job));
        self.pass.write(self.ctx, status, verdict, related).await
    }

    /// Writes the outcome, then lets the Job expire: in this order, or an interruption loses it.
    async fn finish(&mut self, verdict: &Verdict, job: Option<&Job>) -> Result<(), Error> {
        self.write(verdict).await?;
        match job {
            Some(job) => jobs::let_expire(self.ctx, job).await,
            None => Ok(()),
        }
    }
}

fn created() -> Verdict {
    Verdict::new(
        Phase::Running,
        Reason::JobCreated,
        "The Job was created; its pod is starting.",
    )
}
