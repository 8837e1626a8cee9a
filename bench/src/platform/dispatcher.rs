//! A dispatcher beside a benchmark's server.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use super::{MALLOC, Platform, WEBHOOK_KEY, beside, free_address};

/// A dispatcher of this platform; it ends with this value.
pub struct Dispatcher(Child);

impl Dispatcher {
    /// Starts one, and waits until it is ready.
    pub async fn start(platform: &Platform) -> Result<Self> {
        let listen = free_address()?;
        let mut child = Command::new(beside("datacrowd-api-server")?)
            .arg("dispatch")
            .env("DATACROWD_DISPATCH_LISTEN", &listen)
            .env("AUTH_DATABASE_URL", platform.auth.app_url())
            .env("CORE_DATABASE_URL", platform.core.app_url())
            .env("PAYMENTS_DATABASE_URL", platform.payments.app_url())
            .env("NOTIFICATIONS_DATABASE_URL", platform.told.app_url())
            .env("DATACROWD_WEBHOOK_KEY", WEBHOOK_KEY)
            .env("DATACROWD_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
            .env("DATACROWD_LOG", "warn")
            .env("GLIBC_TUNABLES", MALLOC)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        for _ in 0..300 {
            if let Some(status) = child.try_wait()? {
                bail!("the dispatcher ended with {status} before it was ready");
            }
            let asked = platform.http.get(format!("http://{listen}/readyz"));
            if asked.send().await.is_ok_and(|a| a.status().is_success()) {
                return Ok(Self(child));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the dispatcher is not ready after 15 s")
    }

    /// Its process.
    pub fn pid(&self) -> Result<u32> {
        self.0.id().context("the dispatcher has ended")
    }
}
