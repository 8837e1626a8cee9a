//! A large upload: how much memory the API server needs for it.

use std::{io::Write, path::PathBuf, time::Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use futures::{StreamExt, stream};

use crate::platform::Platform;

/// How large, and how much memory is too much.
#[derive(Debug, Args)]
pub struct Upload {
    /// Size of the file in MiB.
    #[arg(long, default_value_t = 1024)]
    mib: usize,
    /// Resident memory that the server must stay below, in MiB.
    #[arg(long, default_value_t = 128)]
    limit_mib: u64,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

impl Upload {
    pub async fn run(self) -> Result<()> {
        let platform = Platform::start(&self.log).await?;
        let project = platform.project(1).await?;
        let pid = platform.server.id().context("the server has ended")?;
        let before = peak_kib(pid)?;
        let row = format!("1,{}\n", "x".repeat(1021));
        let piece = Bytes::from(row.repeat(64));
        let header = stream::iter([Bytes::from("id,text\n")]);
        let body = stream::iter((0..self.mib * 16).map(move |_| piece.clone()));
        let begun = Instant::now();
        let dataset = platform.upload(&project, header.chain(body)).await?;
        let took = begun.elapsed().as_secs_f64();
        let peak = peak_kib(pid)?;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} bytes in {took:.1} s, sha256 {}; peak resident memory {} MiB, {} MiB before",
            dataset["sizeBytes"],
            dataset["sha256"],
            peak / 1024,
            before / 1024
        )?;
        ensure!(
            peak / 1024 < self.limit_mib,
            "the server needed {} MiB, more than {}",
            peak / 1024,
            self.limit_mib
        );
        Ok(())
    }
}

/// The most that a process ever had in memory, as the kernel counted it.
fn peak_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let peak = line.and_then(|l| l.split_whitespace().next());
    Ok(peak.context("no VmHWM")?.parse()?)
}
