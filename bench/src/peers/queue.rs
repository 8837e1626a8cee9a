//! graphile-worker as the reference of a queue: a process of its own, see `bench/peer/queue.mjs`.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

/// What the process prints.
#[derive(Deserialize)]
pub struct Worked {
    /// Seconds in which the jobs were added.
    pub added: f64,
    pub loops: usize,
    /// Seconds in which they were worked on.
    pub took: f64,
    /// Microseconds of each look-up of a job.
    next: Vec<u64>,
}

impl Worked {
    pub fn next(&self) -> impl Iterator<Item = Duration> {
        self.next.iter().copied().map(Duration::from_micros)
    }
}

pub async fn work(script: &Path, items: usize, clients: usize, seconds: u64) -> Result<Worked> {
    let ended = Command::new("node")
        .arg(script)
        .args([items.to_string(), clients.to_string(), seconds.to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()
        .await?;
    ensure!(ended.status.success(), "the queue: {}", ended.status);
    serde_json::from_slice(&ended.stdout).context("what the queue printed")
}
