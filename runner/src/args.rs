//! Command line and environment of the process.

use std::{env, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use datacrowd_protocol::{
    endpoint::{DEFAULT_TENANT_ENDPOINTS, TenantEndpoints},
    ids::RunId,
    names::RUNNER_TOKEN_PATH,
};
use reqwest::Url;

use crate::source::Keys;

/// One Kubernetes Job: one run of the DataCrowd platform.
#[derive(Debug, Parser)]
#[command(name = "datacrowd-runner", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The two kinds of run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Cuts the source of a dataset into tasks.
    Generate(RunArgs),
    /// Writes approved answers to a file.
    Export(RunArgs),
}

impl Command {
    /// What both take.
    #[must_use]
    pub fn run(&self) -> &RunArgs {
        match self {
            Self::Generate(run) | Self::Export(run) => run,
        }
    }
}

/// Which run, and who runs it.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The run that the platform created.
    #[arg(long)]
    pub run_id: RunId,
    /// Uid of this pod, from the downward API.
    #[arg(long, env = "POD_UID")]
    pub pod_uid: String,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub platform: PlatformArgs,
    /// Object stores that tenants' own buckets may be in: hosts and networks, separated by commas.
    #[arg(long, env = "DATACROWD_TENANT_ENDPOINTS", default_value = DEFAULT_TENANT_ENDPOINTS)]
    pub tenant_endpoints: TenantEndpoints,
    /// Where Kubernetes reads the termination message.
    #[arg(long, env = "TERMINATION_LOG", default_value = "/dev/termination-log")]
    pub termination_log: PathBuf,
}

impl RunArgs {
    /// What ties the run's calls and log lines to the request that asked for it.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        let given = self.platform.correlation_id.clone();
        given.unwrap_or_else(|| self.run_id.to_string())
    }
}

/// The way to the platform.
#[derive(Debug, Args)]
pub struct PlatformArgs {
    /// Internal address of the API server.
    #[arg(long, env = "DATACROWD_INTERNAL_URL")]
    pub internal_url: Url,
    /// The pod's projected token, read anew for each call.
    #[arg(long, env = "DATACROWD_TOKEN_FILE", default_value = RUNNER_TOKEN_PATH)]
    pub token_file: PathBuf,
    /// Ties the run to the request that asked for it; the run's id when absent.
    #[arg(long, env = "DATACROWD_CORRELATION_ID")]
    pub correlation_id: Option<String>,
    /// The trace that the run is part of (W3C Trace Context); it begins one when absent.
    #[arg(long, env = "TRACEPARENT")]
    pub traceparent: Option<String>,
}

/// Keys of a tenant's own bucket. Never on the command line, which any process may read.
#[must_use]
pub fn keys_from_env() -> Option<Keys> {
    let var = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    Some(Keys {
        access_key: var("AWS_ACCESS_KEY_ID")?,
        secret_key: var("AWS_SECRET_ACCESS_KEY")?,
        session_token: var("AWS_SESSION_TOKEN"),
        region: var("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
        endpoint: var("AWS_ENDPOINT_URL"),
    })
}
