//! The operator as a process of its own, as the chart runs it.

use std::{fs::File, path::Path, process::Stdio, time::Duration};

use anyhow::{Result, bail};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

const TOKEN: &str = "the internal token of a benchmark";

/// Starts it over the control plane and a platform.
pub fn start(binary: &Path, log: &Path, platform: &str, admin: &str) -> Result<Child> {
    Ok(Command::new(binary)
        .env("KUBECONFIG", crate::platform::env("TEST_KUBECONFIG")?)
        .env("DATACROWD_INTERNAL_URL", platform)
        .env("DATACROWD_INTERNAL_TOKEN", TOKEN)
        .env("DATACROWD_BUCKET", "datacrowd")
        .env("DATACROWD_RUNNER_IMAGE", "runner:none")
        .env("DATACROWD_INFERENCE_IMAGE", "inference:none")
        .env("DATACROWD_ADMIN_LISTEN", admin)
        .env("DATACROWD_LOG", "warn")
        .stdout(File::create(log)?)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?)
}

/// Waits until the operator leads and its caches are filled.
pub async fn ready(admin: &str) -> Result<()> {
    let url = format!("http://{admin}/readyz");
    for _ in 0..300 {
        if let Ok(answer) = reqwest::get(&url).await
            && answer.status().is_success()
        {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("the operator does not become ready; see its log")
}
