//! The operator at scale: many Datasets of one Project, on a real control plane without nodes.

mod binary;
mod fake_platform;

use std::{
    collections::HashSet,
    io::Write,
    net::TcpListener,
    path::PathBuf,
    pin::pin,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use datacrowd_crds::{
    Dataset, Project,
    condition::{ConditionType, find},
};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use tokio::{
    process::Child,
    time::{sleep, timeout},
};

use crate::{
    cluster,
    process::{cpu_seconds, status_kib},
};

/// As many workloads a second Kueue admits, by its own published performance test.
const KUEUE: f64 = 43.0;
/// Requests that the benchmark itself has under way at once.
const CREATORS: usize = 16;
/// Longest wait for the next Dataset to come further.
const STUCK: Duration = Duration::from_mins(2);
/// The label that says whose a namespace is.
const TENANT_LABEL: &str = "datacrowd.io/tenant";

/// How many resources, and how long the rest is watched.
#[derive(Debug, Args)]
pub struct Scale {
    /// Datasets of the one Project.
    #[arg(long, default_value_t = 2000)]
    datasets: usize,
    /// How many of them are let go, so that each gets a Job.
    #[arg(long, default_value_t = 500)]
    jobs: usize,
    /// Seconds over which a cluster at rest is watched.
    #[arg(long, default_value_t = 60)]
    rest: u64,
    /// Also delete the namespace with everything in it.
    #[arg(long)]
    delete: bool,
    /// The operator; the one built beside this program when absent.
    #[arg(long)]
    operator: Option<PathBuf>,
    /// Where the operator's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

/// The operator as a process, and its namespace.
struct Bench {
    cluster: Client,
    namespace: String,
    process: Child,
    pid: u32,
}

impl Scale {
    pub async fn run(self) -> Result<()> {
        let mut bench = Bench::start(&self).await?;
        bench.project().await?;
        bench.say("started", None)?;
        let seen = bench.first_conditions(self.datasets).await?;
        bench.say("first condition", Some((self.datasets, seen)))?;
        bench.rest(Duration::from_secs(self.rest)).await?;
        let made = bench.jobs(self.jobs.min(self.datasets)).await?;
        bench.say("Job created", Some((self.jobs.min(self.datasets), made)))?;
        if self.delete {
            let gone = bench.delete().await?;
            bench.say("deleted", Some((self.datasets, gone)))?;
        }
        bench.process.kill().await?;
        Ok(())
    }
}

impl Bench {
    async fn start(scale: &Scale) -> Result<Self> {
        let cluster = cluster::connect().await?;
        cluster::install_resources(&cluster).await?;
        let body: Namespace = serde_json::from_value(json!({"metadata": {
            "generateName": "bench-", "labels": {TENANT_LABEL: "bench"},
        }}))?;
        let namespaces: Api<Namespace> = Api::all(cluster.clone());
        let namespace = namespaces.create(&PostParams::default(), &body).await?;
        let platform = fake_platform::serve().await?;
        let admin = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let operator = match &scale.operator {
            Some(path) => path.clone(),
            None => crate::platform::beside("datacrowd-operator")?,
        };
        let process = binary::start(&operator, &scale.log, &platform, &admin)?;
        let pid = process.id().context("the operator has ended")?;
        binary::ready(&admin).await?;
        Ok(Self {
            cluster,
            namespace: namespace.name_any(),
            process,
            pid,
        })
    }

    fn datasets(&self) -> Api<Dataset> {
        Api::namespaced(self.cluster.clone(), &self.namespace)
    }

    async fn project(&self) -> Result<()> {
        let projects: Api<Project> = Api::namespaced(self.cluster.clone(), &self.namespace);
        let body = serde_json::from_value(json!({
            "apiVersion": "datacrowd.io/v1alpha1", "kind": "Project", "metadata": {"name": "reviews"},
            "spec": {
                "displayName": "Reviews", "dataType": "Text",
                "labeling": {"fields": [{"name": "rating", "type": "SingleChoice", "options": ["a", "b"]}]},
            },
        }))?;
        projects.create(&PostParams::default(), &body).await?;
        let accepted =
            kube::runtime::wait::await_condition(projects, "reviews", |p: Option<&Project>| {
                p.and_then(|p| p.status.as_ref()?.id.as_ref()).is_some()
            });
        timeout(STUCK, accepted)
            .await
            .context("accepting the Project")??;
        Ok(())
    }

    /// Creates suspended Datasets; how long it took until each had its first condition.
    async fn first_conditions(&self, count: usize) -> Result<Duration> {
        let begun = Instant::now();
        let waiting = self.all(count, |dataset| {
            let status = dataset.status.as_ref();
            status.is_some_and(|s| find(&s.conditions, ConditionType::Ready).is_some())
        });
        let (created, ()) = tokio::try_join!(self.create(count), waiting)?;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "created {count} suspended Datasets in {:.1} s",
            created.as_secs_f64()
        )?;
        Ok(begun.elapsed())
    }

    async fn create(&self, count: usize) -> Result<Duration> {
        let begun = Instant::now();
        let (api, namespace) = (self.datasets(), &self.namespace);
        let params = PostParams::default();
        let created = (0..count).map(async |n| {
            let body = serde_json::from_value(json!({
                "apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset", "metadata": {"name": name(n)},
                "spec": {
                    "projectRef": {"name": "reviews"}, "suspend": true,
                    "source": {"uri": format!("s3://datacrowd/{namespace}/items.csv")},
                },
            }))?;
            anyhow::Ok(api.create(&params, &body).await?)
        });
        let created = stream::iter(created).buffer_unordered(CREATORS);
        created.try_for_each(async |_| Ok(())).await?;
        Ok(begun.elapsed())
    }

    /// Lets Datasets go; how long it took until each had its Job recorded.
    async fn jobs(&self, count: usize) -> Result<Duration> {
        let begun = Instant::now();
        let api = self.datasets();
        let patch = json!({"spec": {"suspend": false}});
        let params = PatchParams::default();
        let released = (0..count)
            .map(async |n| anyhow::Ok(api.patch(&name(n), &params, &Patch::Merge(&patch)).await?));
        let released = stream::iter(released).buffer_unordered(CREATORS);
        let released = released.try_for_each(async |_| Ok(()));
        let made = self.all(count, |dataset| {
            dataset.status.as_ref().is_some_and(|s| s.job_ref.is_some())
        });
        tokio::try_join!(released, made)?;
        Ok(begun.elapsed())
    }

    /// Waits until so many Datasets are as asked.
    async fn all(&self, count: usize, asked: impl Fn(&Dataset) -> bool) -> Result<()> {
        let mut datasets = pin!(
            watcher(self.datasets(), watcher::Config::default())
                .default_backoff()
                .applied_objects()
        );
        let mut done = HashSet::new();
        while done.len() < count {
            let next = timeout(STUCK, datasets.next()).await;
            let next = next.with_context(|| format!("{} of {count} in time", done.len()))?;
            let dataset = next.context("the watch ended")??;
            if asked(&dataset) {
                done.insert(dataset.name_any());
            }
        }
        Ok(())
    }

    /// What a cluster costs in which nothing happens.
    async fn rest(&self, time: Duration) -> Result<()> {
        sleep(Duration::from_secs(10)).await; // what the first conditions left to do
        let before = cpu_seconds(self.pid)?;
        sleep(time).await;
        let spent = cpu_seconds(self.pid)? - before;
        let share = spent / time.as_secs_f64() * 100.0;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "at rest for {} s: {share:.1} % of a core",
            time.as_secs()
        )?;
        Ok(())
    }

    /// How long it took until the namespace was gone.
    async fn delete(&self) -> Result<Duration> {
        let begun = Instant::now();
        let namespaces: Api<Namespace> = Api::all(self.cluster.clone());
        namespaces
            .delete(&self.namespace, &DeleteParams::default())
            .await?;
        while namespaces
            .get_metadata_opt(&self.namespace)
            .await?
            .is_some()
        {
            ensure!(begun.elapsed() < STUCK * 10, "the namespace does not go");
            sleep(Duration::from_millis(500)).await;
        }
        Ok(begun.elapsed())
    }

    fn say(&self, what: &str, rate: Option<(usize, Duration)>) -> Result<()> {
        let mut out = std::io::stdout().lock();
        write!(out, "{what}: ")?;
        if let Some((count, took)) = rate {
            let (seconds, per) = (took.as_secs_f64(), count as f64 / took.as_secs_f64());
            write!(
                out,
                "{count} in {seconds:.1} s, {per:.1}/s ({:.2} × Kueue's {KUEUE}); ",
                per / KUEUE
            )?;
        }
        let (now, peak) = (
            status_kib(self.pid, "VmRSS:")?,
            status_kib(self.pid, "VmHWM:")?,
        );
        let cpu = cpu_seconds(self.pid)?;
        writeln!(
            out,
            "operator's CPU {cpu:.1} s, memory {} MiB, peak {} MiB",
            now / 1024,
            peak / 1024
        )?;
        Ok(())
    }
}

fn name(n: usize) -> String {
    format!("items-{n}")
}
