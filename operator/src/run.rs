//! What Datasets and Exports share: attempts, each one run on the platform and one Job. The order of
//! effects makes every interruption harmless: gate → `status.attempt` → look for the Job → create it
//! → `status.jobRef`.

mod begin;
pub(crate) mod decide;

pub(crate) use begin::refused;

use std::time::Duration;

use datacrowd_crds::{
    condition::{Phase, Reason, Verdict},
    dataset::JobRef,
    names::{QUEUE_LABEL, RETRY_AT},
};
use datacrowd_protocol::{internal::RunView, source::DeletionPolicy};
use k8s_openapi::api::batch::v1::Job;
use kube::{ResourceExt, runtime::controller::Action};
use uuid::Uuid;

use crate::{
    command::kubectl,
    context::Context,
    error::Error,
    job::{self, build, outcome},
    managed::{Identity, Managed, Pass},
    platform::PlatformError,
};
use decide::{Facts, JobFact, Step, decide};

/// What the operator remembers of a resource's attempts, in its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub attempt: Option<i32>,
    pub observed_retry_at: Option<String>,
    pub job_ref: Option<JobRef>,
    /// The Project's policy as last seen: deletion must not need the Project.
    pub deletion_policy: Option<DeletionPolicy>,
}

/// A kind whose work is done by Jobs.
pub(crate) trait Runs: Managed {
    /// The platform's answer to an upsert.
    type View: Send + Sync;
    /// The runner's command.
    const COMMAND: &'static str;
    /// What marks the Job's name.
    const MARK: &'static str;
    /// Label that names the resource on its Jobs.
    const LABEL: &'static str;

    /// Name of the Project it belongs to.
    fn project_name(&self) -> &str;
    /// The platform's id, learned by an upsert: an earlier pass may have died before it wrote the id down.
    fn learn_id(
        ctx: &Context,
        pass: &Pass<Self>,
        tenant: String,
    ) -> impl Future<Output = Result<Uuid, PlatformError>> + Send;
    fn ledger(&self) -> Ledger;
    fn is_suspended(&self) -> bool;
    /// Secret with the credentials of the tenant's own bucket.
    fn secret(&self) -> Option<&str>;
    fn id(view: &Self::View) -> Uuid;
    fn run(view: &Self::View) -> Option<&RunView>;
    /// What is said while the payment gate is closed before the first task.
    fn awaiting_payment(view: &Self::View) -> String;
    /// Whether a corrected file under the same name would be read.
    fn is_replaceable(view: &Self::View) -> bool;
    /// Whether the spec changed in a way that gives a failed attempt another chance.
    fn has_second_chance(&self, reason: Reason) -> bool;
    /// The whole status, but for its conditions.
    fn compose(&self, view: &Self::View, ledger: &Ledger) -> Self::Status;
}

/// A pass over a resource with attempts, after the platform has answered.
pub(crate) struct Attempts<'a, K: Runs> {
    pub ctx: &'a Context,
    pub pass: Pass<K>,
    pub view: &'a K::View,
    ledger: Ledger,
}

impl<'a, K: Runs> Attempts<'a, K> {
    pub(crate) fn new(
        ctx: &'a Context,
        pass: Pass<K>,
        view: &'a K::View,
        policy: DeletionPolicy,
    ) -> Self {
        let ledger = Ledger {
            deletion_policy: Some(policy),
            ..pass.object.ledger()
        };
        Self {
            ctx,
            pass,
            view,
            ledger,
        }
    }

    /// There is nothing left to do; a finished Job may go.
    pub(crate) async fn done(mut self, verdict: Verdict, again: Action) -> Result<Action, Error> {
        self.observe_retry();
        let job = self.current_job().await?;
        self.finish(&verdict, job.as_ref()).await?;
        Ok(again)
    }

    /// Nothing happens to the attempts; the numbers are the platform's.
    pub(crate) async fn rest(mut self, verdict: Verdict, again: Action) -> Result<Action, Error> {
        self.write(&verdict).await?;
        Ok(again)
    }

    /// The next step of the latest attempt.
    pub(crate) async fn advance(mut self) -> Result<Action, Error> {
        let run = K::run(self.view).filter(|run| run.uid == self.pass.who.uid);
        let known = self.ledger.attempt.unwrap_or(0);
        // The gate may have counted on without us: REST opens it, or we died before we wrote it down.
        let attempt = known.max(run.map_or(0, |run| run.attempt));
        let run = run.filter(|run| run.attempt == attempt);
        let job = self.job_of(attempt).await?;
        let fact = self.job_fact(attempt, job.as_ref()).await?;
        let facts = Facts {
            attempt,
            lost_since: match (&fact, &self.ledger.job_ref) {
                (JobFact::Absent { recorded: true }, Some(job)) => {
                    Some(self.ctx.lost_since(&job.name))
                }
                _ => None,
            },
            job: fact,
            run,
            retry: self.wants_retry(run),
            now: self.ctx.now().0,
        };
        if let Some(job) = &job
            && facts.job != JobFact::Foreign
        {
            self.ledger.attempt = Some(attempt);
            self.ledger.job_ref = Some(job::job_ref(job));
        }
        let step = decide(&facts);
        tracing::debug!(
            kind = K::KIND,
            namespace = self.pass.who.namespace,
            name = self.pass.who.name,
            ?step,
            "decided"
        );
        match (step, self.pass.object.is_suspended()) {
            (Step::Begin { .. } | Step::Watch { .. } | Step::Resume, true) => {
                self.hold(job.as_ref()).await
            }
            (Step::Begin { attempt, after }, false) => {
                let before = job.filter(|_| facts.job != JobFact::Foreign);
                self.begin(attempt, after, before.as_ref()).await
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
                self.report(ended.as_ref()).await?;
                self.observe_retry();
                let replaceable = K::is_replaceable(self.view);
                let message = match advice(reason, K::KIND, &self.pass.who, replaceable) {
                    Some(advice) => format!("{message} {advice}"),
                    None => message,
                };
                let verdict = Verdict::new(Phase::Failed, reason, message);
                let job = job.filter(|_| facts.job != JobFact::Foreign);
                self.finish(&verdict, job.as_ref()).await?;
                Ok(self.ctx.settled(false))
            }
        }
    }

    async fn job_of(&self, attempt: i32) -> Result<Option<Job>, Error> {
        if attempt == 0 {
            return Ok(None);
        }
        let name = build::name(&self.pass.who, K::MARK, attempt);
        job::get(self.ctx, &self.pass.who.namespace, &name).await
    }

    async fn current_job(&self) -> Result<Option<Job>, Error> {
        let Some(known) = &self.ledger.job_ref else {
            return Ok(None);
        };
        let found = job::get(self.ctx, &self.pass.who.namespace, &known.name).await?;
        Ok(found.filter(|job| job.uid().as_deref() == Some(&known.uid)))
    }

    async fn job_fact(&self, attempt: i32, job: Option<&Job>) -> Result<JobFact, Error> {
        let Some(job) = job else {
            let name = build::name(&self.pass.who, K::MARK, attempt);
            let recorded = self.ledger.job_ref.as_ref().is_some_and(|j| j.name == name);
            return Ok(JobFact::Absent { recorded });
        };
        if !job::is_owned_by(job, &self.pass.who) {
            return Ok(JobFact::Foreign);
        }
        let pods = job::pods(self.ctx, &self.pass.who.namespace, &job.name_any()).await?;
        let refusal = job::refusal(self.ctx, &self.pass.who.namespace, job, &pods).await?;
        let facts = outcome::Facts {
            job,
            pods: &pods,
            refusal: refusal.as_deref(),
        };
        Ok(JobFact::Present(outcome::outcome(facts, self.ctx.now().0)))
    }

    /// A retry is honoured only after a failure that was seen: before it, it asks for what happens anyway.
    fn wants_retry(&self, run: Option<&RunView>) -> bool {
        let asked = self.pass.annotation(RETRY_AT);
        let asked_anew = asked.is_some() && asked != self.ledger.observed_retry_at.as_deref();
        let reason = run.and_then(|run| run.reason);
        asked_anew || reason.is_some_and(|r| self.pass.object.has_second_chance(r.into()))
    }

    fn observe_retry(&mut self) {
        if let Some(asked) = self.pass.annotation(RETRY_AT) {
            self.ledger.observed_retry_at = Some(asked.chars().take(253).collect());
        }
    }

    fn queue(&self) -> Option<&str> {
        let labels = self.pass.object.labels();
        labels.get(QUEUE_LABEL).map(String::as_str)
    }

    /// `spec.suspend` is set: no Job begins, and one that runs is held. A queue's Job is the queue's to hold.
    async fn hold(mut self, job: Option<&Job>) -> Result<Action, Error> {
        if let (Some(job), None) = (job, self.queue()) {
            let held = job.spec.as_ref().is_some_and(|s| s.suspend == Some(true));
            if !held && !job::is_finished(job) {
                job::suspend(self.ctx, job, true).await?;
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

    async fn resume(mut self, job: Option<&Job>) -> Result<Action, Error> {
        self.observe_retry();
        if self.queue().is_some() {
            let message = "The Job waits for its queue to admit it.";
            let verdict = Verdict::new(Phase::Waiting, Reason::Queued, message);
            self.write(&verdict).await?;
            return Ok(self.ctx.poll());
        }
        if let Some(job) = job {
            job::suspend(self.ctx, job, false).await?;
        }
        self.write(&created()).await?;
        Ok(Action::requeue(Duration::from_secs(5)))
    }

    async fn write(&mut self, verdict: &Verdict) -> Result<(), Error> {
        let status = self.pass.object.compose(self.view, &self.ledger);
        let job = self.ledger.job_ref.as_ref();
        let related = job.map(|job| job::reference(&self.pass.who.namespace, job));
        self.pass.write(self.ctx, status, verdict, related).await
    }

    /// Writes the outcome, then lets the Job expire: in this order, or an interruption loses it.
    async fn finish(&mut self, verdict: &Verdict, job: Option<&Job>) -> Result<(), Error> {
        self.write(verdict).await?;
        match job {
            Some(job) => job::let_expire(self.ctx, job).await,
            None => Ok(()),
        }
    }
}

/// What to do about a failure, as a command. What was read of a file stays read: while nothing was, a corrected file
/// takes its place; afterwards another content needs another Dataset, as another setting always does. It goes on from
/// the runner's message, whose remedy may be either. Another limit of invalid rows is noticed by itself.
pub(crate) fn advice(
    reason: Reason,
    kind: &str,
    who: &Identity,
    replaceable: bool,
) -> Option<String> {
    let name = &who.name;
    let retry = || {
        kubectl(
            who,
            format_args!("annotate {kind} {name} --overwrite {RETRY_AT}=$(date +%s)"),
        )
    };
    match reason {
        Reason::CredentialsRejected
        | Reason::SourceNotFound
        | Reason::SourceForbidden
        | Reason::DeadlineExceeded
        | Reason::BackoffLimitExceeded
        | Reason::OutOfMemory
        | Reason::Misconfigured => Some(format!("Then ask for another attempt: {}", retry())),
        Reason::BadInput if replaceable => Some(format!(
            "Once a corrected file is in its place, ask for another attempt: {}",
            retry()
        )),
        Reason::BadInput => Some(format!(
            "Apply a Dataset under a new name, with the corrected file or setting: {}",
            kubectl(who, "apply -f dataset.yaml")
        )),
        Reason::SourceChanged => Some(format!(
            "Apply a Dataset under a new name with the corrected file: {}",
            kubectl(who, "apply -f dataset.yaml")
        )),
        _ => None,
    }
}

fn created() -> Verdict {
    Verdict::new(
        Phase::Running,
        Reason::JobCreated,
        "The Job was created; its pod is starting.",
    )
}
