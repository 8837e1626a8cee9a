//! Command line and environment of the process.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use datacrowd_job::{
    args::{PlatformArgs, RunArgs},
    process::Kept,
};
use datacrowd_protocol::ids::ModelId;

use crate::worker::Limits;

/// Trained models: looks at one, or has it answer items.
#[derive(Debug, Parser)]
#[command(name = crate::NAME, version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Looks at a model's file for the platform.
    Inspect(JobArgs),
    /// Answers the items of a dataset for the platform.
    Predict(JobArgs),
    /// Keeps a model loaded, and answers items as they arrive.
    Serve(ServeArgs),
    /// Answers files of this machine, one line of JSON each; needs no platform.
    Try(TryArgs),
    /// Reads models and items for the process that started it.
    #[command(hide = true)]
    Read(ReadArgs),
}

/// Which run, and what one item may take.
#[derive(Debug, Args)]
pub struct JobArgs {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub run: RunArgs,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub limits: LimitArgs,
}

/// Which model is kept loaded, and what one item may take.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The model, by the platform's id.
    #[arg(long)]
    pub model_id: ModelId,
    /// Uid of this pod, from the downward API.
    #[arg(long, env = "POD_UID")]
    pub pod_uid: String,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub platform: PlatformArgs,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub limits: LimitArgs,
}

impl ServeArgs {
    /// What the process around it needs.
    #[must_use]
    pub fn kept(&self) -> Kept<'_> {
        Kept {
            subject: self.model_id.0,
            pod_uid: &self.pod_uid,
            platform: &self.platform,
        }
    }
}

/// What one item may take.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Memory for reading one item, in MiB, beside four times the model's file.
    #[arg(long, env = "DATACROWD_ITEM_MEMORY_MIB", default_value_t = 512)]
    pub item_memory_mib: u64,
    /// Seconds that one item may take.
    #[arg(long, env = "DATACROWD_ITEM_SECONDS", default_value_t = 60)]
    pub item_seconds: u64,
}

impl LimitArgs {
    /// The limits, with this program as the one that keeps them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            // Where the system does not say, its name is looked up on the path.
            program: std::env::current_exe().unwrap_or_else(|_| crate::NAME.into()),
            memory: self.item_memory_mib.saturating_mul(1024 * 1024),
            item: Duration::from_secs(self.item_seconds),
        }
    }
}

/// A model and files of this machine.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// The model, as ONNX.
    #[arg(long)]
    pub model: PathBuf,
    /// What it reads and answers: a Model's manifest, or its spec alone, as YAML.
    #[arg(long)]
    pub spec: PathBuf,
    /// Recordings; for a model of columns, files with one JSON object each.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a comment would head the options of the group in --help"
    )]
    pub limits: LimitArgs,
}

/// What the process that reads may take.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// Bytes of memory that it may map.
    #[arg(long)]
    pub memory: u64,
}
