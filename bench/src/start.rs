//! Starting: how soon the API server is ready, and how much memory it holds while nobody asks for anything.

use std::{io::Write, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Args;

use crate::{platform::Platform, process::status_kib};

/// How often, and how long nobody asks.
#[derive(Debug, Args)]
pub struct Start {
    /// How often it is started.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds from ready until its memory is looked at.
    #[arg(long, default_value_t = 10)]
    idle: u64,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

impl Start {
    pub async fn run(self) -> Result<()> {
        // The first one is not counted: it makes the first account, which takes a hash of a password.
        let mut platform = Platform::start(&self.log).await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "| start | ready after, ms | resident when idle, MiB |")?;
        writeln!(out, "|--:|--:|--:|")?;
        for round in 1..=self.rounds {
            let took = platform.restart(&self.log).await?;
            tokio::time::sleep(Duration::from_secs(self.idle)).await;
            let pid = platform.server.id().context("the server has ended")?;
            let resident = status_kib(pid, "VmRSS:")? / 1024;
            writeln!(out, "| {round} | {} | {resident} |", took.as_millis())?;
        }
        Ok(())
    }
}
