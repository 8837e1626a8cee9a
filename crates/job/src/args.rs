//! What every Job takes from its command line and its environment.

use std::path::PathBuf;

use clap::Args;
use datacrowd_protocol::{ids::RunId, names::RUNNER_TOKEN_PATH};
use reqwest::Url;

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
    /// Where Kubernetes reads the termination message.
    #[arg(long, env = "TERMINATION_LOG", default_value = "/dev/termination-log")]
    pub termination_log: PathBuf,
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
