//! What is known of the latest attempt: its run, its Job and the Job's pods, read live.

use datacrowd_crds::{
    condition::{self, ConditionStatus, ConditionType},
    names::RETRY_AT,
};
use datacrowd_protocol::internal::RunView;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

use super::{
    Work,
    decide::{Facts, JobFact},
    jobs, manifest, outcome,
};
use crate::{
    error::Error,
    managed::{Managed, StatusShape},
};

/// Everything that the next step rests on.
pub(super) struct Observed<'a> {
    pub facts: Facts<'a>,
    /// The attempt's Job; never one that belongs to someone else.
    pub job: Option<Job>,
}

impl<K: Managed> Work<'_, K> {
    /// Looks at the latest attempt, and remembers its Job.
    pub(super) async fn observe(&mut self) -> Result<Observed<'_>, Error> {
        let run = self.spec.run.as_ref();
        let run = run.filter(|run| run.uid == self.pass.who.uid);
        let known = self.attempts.attempt.unwrap_or(0);
        // The gate may have counted on without us: REST opens it, or we died before we wrote it down.
        let attempt = known.max(run.map_or(0, |run| run.attempt));
        let run = run.filter(|run| run.attempt == attempt);
        let job = self.job_of(attempt).await?;
        let fact = self.job_fact(attempt, job.as_ref(), run).await?;
        let lost_since = match (&fact, &self.attempts.job_ref) {
            (JobFact::Absent { recorded: true }, Some(job)) => Some(self.ctx.lost_since(&job.name)),
            _ => None,
        };
        let job = job.filter(|_| fact != JobFact::Foreign);
        if let Some(job) = &job {
            self.attempts.attempt = Some(attempt);
            self.attempts.job_ref = Some(jobs::job_ref(job));
        }
        let facts = Facts {
            attempt,
            job: fact,
            lost_since,
            retry: self.wants_retry(run),
            run,
            now: self.ctx.now().0,
        };
        Ok(Observed { facts, job })
    }

    async fn job_of(&self, attempt: i32) -> Result<Option<Job>, Error> {
        if attempt == 0 {
            return Ok(None);
        }
        let name = manifest::name(&self.pass.who, self.spec.job.mark, attempt);
        jobs::get(self.ctx, &self.pass.who.namespace, &name).await
    }

    /// The Job that the status names, while it is that one; it is read to let it expire. Of work that was done before,
    /// only one that is still seen.
    pub(super) async fn recorded_job(&self) -> Result<Option<Job>, Error> {
        let Some(known) = &self.attempts.job_ref else {
            return Ok(None);
        };
        let namespace = &self.pass.who.namespace;
        let status = self.pass.status();
        let ready = condition::find(status.conditions(), ConditionType::Ready);
        let was_done = ready.is_some_and(|ready| ready.status == ConditionStatus::True);
        if was_done && !self.ctx.caches.has_job(namespace, &known.name) {
            return Ok(None);
        }
        let found = jobs::get(self.ctx, namespace, &known.name).await?;
        Ok(found.filter(|job| job.uid().as_deref() == Some(&known.uid)))
    }

    async fn job_fact(
        &self,
        attempt: i32,
        job: Option<&Job>,
        run: Option<&RunView>,
    ) -> Result<JobFact, Error> {
        let Some(job) = job else {
            let name = manifest::name(&self.pass.who, self.spec.job.mark, attempt);
            let recorded = self.attempts.job_ref.as_ref();
            let recorded = recorded.is_some_and(|job| job.name == name);
            return Ok(JobFact::Absent { recorded });
        };
        if !jobs::is_owned_by(job, &self.pass.who) {
            return Ok(JobFact::Foreign);
        }
        // Where the platform says how the run ended, or the Job says all there is, its pods are not asked.
        let ended = run.is_some_and(|run| run.outcome.is_some());
        let (namespace, now) = (&self.pass.who.namespace, self.ctx.now().0);
        let (pods, refusal) = match ended || !outcome::depends_on_pods(job) {
            true => (Vec::new(), None),
            false => {
                let pods = jobs::pods(self.ctx, namespace, &job.name_any()).await?;
                let refusal = jobs::refusal(self.ctx, namespace, job, &pods).await?;
                (pods, refusal)
            }
        };
        let facts = outcome::Facts {
            job,
            pods: &pods,
            refusal: refusal.as_deref(),
        };
        Ok(JobFact::Present(outcome::outcome(facts, now)))
    }

    /// A retry is honoured only after a failure that was seen: before it, it asks for what happens anyway.
    fn wants_retry(&self, run: Option<&RunView>) -> bool {
        let asked = self.pass.annotation(RETRY_AT);
        let asked_anew = asked.is_some() && asked != self.attempts.observed_retry_at.as_deref();
        let reason = run.and_then(|run| run.reason).map(Into::into);
        asked_anew || (reason.is_some() && reason == self.spec.second_chance)
    }
}
