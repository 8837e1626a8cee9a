//! What every reconcile shares: clients, settings, the clock, and how often which object failed.

use std::{collections::HashMap, time::Duration};

use datacrowd_crds::names::OPERATOR_MANAGER;
use datacrowd_protocol::endpoint::TenantEndpoints;
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{Client, runtime::controller::Action};
use tokio::sync::{Mutex, Semaphore};

use crate::{backoff::Backoff, caches::Caches, events::Recorder, platform::Platform};

/// What an installation decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The platform's bucket, in which a namespace owns the prefix of its name.
    pub bucket: String,
    /// Image of the runner.
    pub runner_image: String,
    /// Image of the program that runs models.
    pub inference_image: String,
    /// URL of the internal API, as the pods of Jobs reach it.
    pub runner_internal_url: String,
    /// Where the pods of Jobs send their spans, if anywhere.
    pub otlp_endpoint: Option<String>,
    /// Where tenants' own buckets may be.
    pub tenant_endpoints: TenantEndpoints,
    /// Seconds after which a Job is ended.
    pub job_deadline_seconds: i64,
    /// Most Jobs that run in one namespace at once.
    pub max_jobs_per_namespace: Option<usize>,
    /// Namespaces to watch; all of them when empty.
    pub watch_namespaces: Vec<String>,
    /// Most reconciles at once, per kind.
    pub concurrency: u16,
    /// Seconds between two looks at a resource that waits.
    pub poll_seconds: u64,
    /// Name of the installation that a Job belongs to.
    pub installation: String,
    /// Name of this process in Events.
    pub instance: String,
}

/// Shared by all reconciles of one process.
pub(crate) struct Context {
    pub client: Client,
    pub caches: Caches,
    pub platform: Platform,
    pub settings: Settings,
    pub events: Recorder,
    pub backoff: Backoff,
    /// Held from counting a namespace's Jobs to creating one, so that the cap holds.
    pub creating: Mutex<()>,
    /// Since when Jobs are known to be gone, by name: another attempt follows after a pause.
    lost: std::sync::Mutex<HashMap<String, Timestamp>>,
    pub projects: Semaphore,
    pub datasets: Semaphore,
    pub exports: Semaphore,
    pub models: Semaphore,
    pub predictions: Semaphore,
    pub webhooks: Semaphore,
}

impl Context {
    pub(crate) fn new(
        client: Client,
        caches: Caches,
        platform: Platform,
        settings: Settings,
    ) -> Self {
        let instance = settings.instance.clone();
        let width = || Semaphore::new(settings.concurrency.into());
        Self {
            events: Recorder::new(client.clone(), OPERATOR_MANAGER, instance),
            projects: width(),
            datasets: width(),
            exports: width(),
            models: width(),
            predictions: width(),
            webhooks: width(),
            client,
            caches,
            platform,
            backoff: Backoff::default(),
            creating: Mutex::new(()),
            lost: std::sync::Mutex::default(),
            settings,
        }
    }

    /// The time, in whole seconds as Kubernetes stores it.
    #[expect(
        clippy::disallowed_methods,
        clippy::unused_self,
        reason = "the one clock of the controllers"
    )]
    pub(crate) fn now(&self) -> Time {
        let now = Timestamp::now();
        Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
    }

    /// Since when a Job is known to be gone; forgotten when this process ends.
    pub(crate) fn lost_since(&self, job: &str) -> Timestamp {
        let now = self.now().0;
        let mut lost = self.lost.lock().expect("nothing panics while it is held");
        // What was followed by another attempt is never asked for again.
        lost.retain(|_, since| now.as_second() - since.as_second() < 3600);
        *lost.entry(job.to_owned()).or_insert(now)
    }

    /// The next look at something that waits for a person or for the database.
    pub(crate) fn poll(&self) -> Action {
        let base = self.settings.poll_seconds as f64;
        Action::requeue(Duration::from_secs_f64(
            base * (1.0 + rand::random::<f64>()),
        ))
    }

    /// The next look at something that is settled.
    #[expect(clippy::unused_self, reason = "beside the other looks")]
    pub(crate) fn settled(&self, unfinished: bool) -> Action {
        let seconds = if unfinished {
            30.0
        } else {
            300.0 * (1.0 + rand::random::<f64>())
        };
        Action::requeue(Duration::from_secs_f64(seconds))
    }
}
