//! A large upload: how much memory the API server needs for it.

use std::{io::Write, path::PathBuf, time::Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use futures::{StreamExt, stream};
use serde_json::json;

use crate::{platform::Platform, process::status_kib};

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
        let project = platform.project(json!({"answersPerTask": 1})).await?;
        let pid = platform.server.id().context("the server has ended")?;
        // Signing in took memory too, for Argon2: from here on the kernel counts anew.
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?;
        let before = status_kib(pid, "VmRSS:")?;
        let row = format!("1,{}\n", "x".repeat(1021));
        let piece = Bytes::from(row.repeat(64));
        let header = stream::iter([Bytes::from("id,text\n")]);
        let body = stream::iter((0..self.mib * 16).map(move |_| piece.clone()));
        let begun = Instant::now();
        let dataset = platform.upload(&project, header.chain(body)).await?;
        let took = begun.elapsed().as_secs_f64();
        let peak = status_kib(pid, "VmHWM:")?;
        let file = status_kib(pid, "RssFile:")?;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} bytes in {took:.1} s, sha256 {}; peak resident memory {} MiB, of which {} MiB are the program itself; {} MiB before",
            dataset["sizeBytes"],
            dataset["sha256"],
            peak / 1024,
            file / 1024,
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
