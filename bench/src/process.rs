//! What the kernel counts of a process.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Clock ticks a second, in which the kernel counts a process's time: the same on every architecture of Linux.
const TICKS: f64 = 100.0;

/// A line of a process's status, such as `VmRSS:`, in KiB.
pub fn status_kib(pid: u32, line: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let found = status.lines().find_map(|l| l.strip_prefix(line));
    let kib = found.and_then(|l| l.split_whitespace().next());
    Ok(kib.with_context(|| format!("no {line}"))?.parse()?)
}

/// Seconds that a process has spent on a processor.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))?;
    // The name before it may hold spaces.
    let (_, rest) = stat.rsplit_once(')').context("no name")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || -> Result<f64> { Ok(fields.next().context("no time")?.parse()?) };
    Ok((ticks()? + ticks()?) / TICKS)
}
