//! Command line and environment of the process.

use std::env;

use clap::{Args, Parser, Subcommand};
use datacrowd_job::args::RunArgs;
use datacrowd_protocol::endpoint::{DEFAULT_TENANT_ENDPOINTS, TenantEndpoints};

use crate::source::Keys;

/// One Kubernetes Job: one run of the DataCrowd platform.
#[derive(Debug, Parser)]
#[command(name = crate::NAME, version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The two kinds of run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Cuts the source of a dataset into tasks.
    Generate(RunnerArgs),
    /// Writes approved answers to a file.
    Export(RunnerArgs),
}

impl Command {
    /// What both take.
    #[must_use]
    pub fn args(&self) -> &RunnerArgs {
        match self {
            Self::Generate(args) | Self::Export(args) => args,
        }
    }
}

/// Which run, who runs it, and what it may read.
#[derive(Debug, Args)]
pub struct RunnerArgs {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub run: RunArgs,
    /// Object stores that tenants' own buckets may be in: hosts and networks, separated by commas.
    #[arg(long, env = "DATACROWD_TENANT_ENDPOINTS", default_value = DEFAULT_TENANT_ENDPOINTS)]
    pub tenant_endpoints: TenantEndpoints,
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
