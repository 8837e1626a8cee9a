//! What the operator is told from outside, one group per concern.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use clap::{Arg, ArgAction, Command, CommandFactory as _, Parser};
use datacrowd_protocol::endpoint::{DEFAULT_TENANT_ENDPOINTS, TenantEndpoints};
use tower::limit::RateLimitLayer;

use crate::context::Settings;

/// Prints every setting as a table of Markdown, instead of starting.
pub const SETTINGS: &str = "settings";
/// Prints them as JSON.
pub const JSON: &str = "json";
/// Prints every metric as a page of Markdown, instead of starting.
pub const METRICS: &str = "metrics";

/// Reconciles Project, Dataset, Export, Model, Prediction and Webhook with the platform.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Args {
    /// Where the platform's internal API is.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// What Jobs look like.
    #[command(flatten)]
    pub jobs: JobArgs,
    /// What is watched, and how hard.
    #[command(flatten)]
    pub watch: WatchArgs,
    /// How this process is run.
    #[command(flatten)]
    pub process: ProcessArgs,
}

/// Where the platform's internal API is.
#[derive(Debug, Clone, clap::Args)]
pub struct PlatformArgs {
    /// URL of the internal API, as the operator reaches it.
    #[arg(long, env = "DATACROWD_INTERNAL_URL")]
    pub internal_url: String,
    /// The shared secret of trusted internal callers.
    #[arg(long, env = "DATACROWD_INTERNAL_TOKEN", hide_env_values = true)]
    pub internal_token: String,
    /// The platform's bucket, in which a namespace owns the prefix of its name.
    #[arg(long, env = "DATACROWD_BUCKET")]
    pub bucket: String,
}

/// What Jobs look like.
#[derive(Debug, Clone, clap::Args)]
pub struct JobArgs {
    /// Image of the runner.
    #[arg(long, env = "DATACROWD_RUNNER_IMAGE")]
    pub runner_image: String,
    /// Image of the program that runs models.
    #[arg(long, env = "DATACROWD_INFERENCE_IMAGE")]
    pub inference_image: String,
    /// URL of the internal API, as the pods of Jobs reach it; the operator's when absent.
    #[arg(long, env = "DATACROWD_RUNNER_INTERNAL_URL")]
    pub runner_internal_url: Option<String>,
    /// Object stores that tenants' own buckets may be in, separated by commas: hosts, and networks that are not public.
    #[arg(
        long,
        env = "DATACROWD_TENANT_ENDPOINTS",
        default_value = DEFAULT_TENANT_ENDPOINTS
    )]
    pub tenant_endpoints: TenantEndpoints,
    /// Seconds after which a Job is ended.
    #[arg(long, env = "DATACROWD_JOB_DEADLINE_SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(i64).range(60..))]
    pub job_deadline_seconds: i64,
    /// Where this process and the pods of Jobs send their spans, by OTLP over HTTP; nowhere when absent.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Most Jobs that run in one namespace at once; no limit when absent.
    #[arg(long, env = "DATACROWD_MAX_JOBS_PER_NAMESPACE")]
    pub max_jobs_per_namespace: Option<usize>,
}

/// What is watched, and how hard.
#[derive(Debug, Clone, clap::Args)]
pub struct WatchArgs {
    /// Namespaces to watch, separated by commas; all of them when absent.
    #[arg(
        long,
        env = "DATACROWD_WATCH_NAMESPACES",
        value_delimiter = ',',
        num_args = 0..
    )]
    pub watch_namespaces: Vec<String>,
    /// Most reconciles at once, per kind.
    #[arg(long, env = "DATACROWD_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Most requests per second to the API server of Kubernetes.
    #[arg(long, env = "DATACROWD_CLIENT_QPS", default_value = "500")]
    pub client_qps: NonZeroU32,
    /// Requests to the API server of Kubernetes that may come at once.
    #[arg(long, env = "DATACROWD_CLIENT_BURST", default_value = "1000")]
    pub client_burst: NonZeroU32,
    /// Seconds between two looks at a resource that waits.
    #[arg(long, env = "DATACROWD_POLL_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub poll_seconds: u64,
}

/// How this process is run.
#[derive(Debug, Clone, clap::Args)]
pub struct ProcessArgs {
    /// Where `/healthz`, `/readyz` and `/metrics` are served.
    #[arg(long, env = "DATACROWD_ADMIN_LISTEN", default_value = "0.0.0.0:8082")]
    pub admin_listen: SocketAddr,
    /// Namespace of the leader's Lease; without one there is no election.
    #[arg(long, env = "DATACROWD_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// Name of the installation: its Jobs are labelled with it, and its Lease is called after it.
    #[arg(long, env = "DATACROWD_INSTALLATION", default_value = "datacrowd")]
    pub installation: String,
    /// Name of this pod: the holder's identity.
    #[arg(long, env = "POD_NAME", default_value = "datacrowd-operator")]
    pub pod_name: String,
}

/// The command line: the settings, or [`SETTINGS`] or [`METRICS`], which need none of them.
#[must_use]
pub fn command() -> Command {
    Args::command()
        .subcommand(
            Command::new(SETTINGS)
                .about("Print every setting as a table of Markdown")
                .arg(
                    Arg::new(JSON)
                        .long(JSON)
                        .action(ArgAction::SetTrue)
                        .help("As JSON, for programs"),
                ),
        )
        .subcommand(Command::new(METRICS).about("Print every metric as a page of Markdown"))
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
}

/// Every setting as a table of Markdown: docs/configuration.md has it.
#[must_use]
pub fn settings_table() -> String {
    datacrowd_settings::table(&datacrowd_settings::settings(&Args::command()))
}

/// Every setting for programs: operator/settings.json has it.
#[must_use]
pub fn settings_json() -> String {
    let settings = datacrowd_settings::settings(&Args::command());
    datacrowd_settings::json(&[("operator".to_owned(), settings)])
}

impl WatchArgs {
    /// A burst of requests in the time that it takes at the lasting rate, and no more in that time. It ends a runaway and
    /// shares nothing out: that the API server does by priority levels. A service account's has 245 seats of its 600 by
    /// default, and the concurrency of five kinds keeps us below 80.
    #[must_use]
    pub fn rate(&self) -> RateLimitLayer {
        let (burst, per_second) = (self.client_burst.get(), self.client_qps.get());
        let window = Duration::from_secs_f64(f64::from(burst) / f64::from(per_second));
        RateLimitLayer::new(burst.into(), window)
    }
}

impl ProcessArgs {
    /// Name of the leader's Lease, one for each installation of a namespace.
    #[must_use]
    pub fn lease(&self) -> String {
        format!("{}-operator", self.installation)
    }
}

impl Args {
    /// What the controllers need of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let namespaces = self.watch.watch_namespaces.iter();
        Settings {
            bucket: self.platform.bucket.clone(),
            runner_image: self.jobs.runner_image.clone(),
            inference_image: self.jobs.inference_image.clone(),
            runner_internal_url: self
                .jobs
                .runner_internal_url
                .clone()
                .unwrap_or_else(|| self.platform.internal_url.clone()),
            otlp_endpoint: self.jobs.otlp_endpoint.clone().filter(|e| !e.is_empty()),
            tenant_endpoints: self.jobs.tenant_endpoints.clone(),
            job_deadline_seconds: self.jobs.job_deadline_seconds,
            max_jobs_per_namespace: self.jobs.max_jobs_per_namespace,
            watch_namespaces: namespaces
                .map(|n| n.trim().to_owned())
                .filter(|n| !n.is_empty())
                .collect(),
            concurrency: self.watch.concurrency,
            poll_seconds: self.watch.poll_seconds,
            installation: self.process.installation.clone(),
            instance: self.process.pod_name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Args, SETTINGS, command, settings_json, settings_table};
    use crate::metrics;

    #[test]
    fn settings_and_metrics_are_documented() {
        assert!(
            include_str!("../../docs/configuration.md").ends_with(&settings_table()),
            "run `make generate` and commit docs/configuration.md"
        );
        assert_eq!(
            include_str!("../settings.json"),
            settings_json(),
            "run `make generate` and commit operator/settings.json"
        );
        assert!(
            include_str!("../../docs/metrics.md").ends_with(&metrics::page()),
            "run `make generate` and commit docs/metrics.md"
        );
    }

    /// dev/test/checks/releases.py holds the chart's rights against the same name.
    #[test]
    fn the_lease_is_called_after_the_installation() {
        let args = Args::parse_from([
            "datacrowd-operator",
            "--internal-url=http://api",
            "--internal-token=token",
            "--bucket=bucket",
            "--runner-image=runner",
            "--inference-image=inference",
            "--installation=blue",
        ]);
        assert_eq!(args.process.lease(), "blue-operator");
    }

    #[test]
    fn the_settings_are_printed_without_any_setting() {
        let asked = command().try_get_matches_from(["datacrowd-operator", SETTINGS]);
        assert_eq!(asked.unwrap().subcommand_name(), Some(SETTINGS));
    }
}
