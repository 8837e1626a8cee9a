//! The server as a process of its own.

use std::{net::TcpListener, process::Stdio, time::Duration};

use datacrowd_testkit::eventually;
use serde_json::json;

use super::{PASSWORD, Platform, TOTP_KEY, answer};

/// The binary itself, over a test's databases.
pub struct Process {
    pub child: tokio::process::Child,
    pub url: String,
    pub internal: String,
}

impl Process {
    /// An access token that this server issued.
    pub async fn sign_in(&self, p: &Platform, username: &str) -> String {
        let body = json!({"login": username, "password": PASSWORD});
        let request = p.http.post(format!("{}/auth/login", self.url));
        let signed_in = answer(request.json(&body)).await.expect(200);
        signed_in["accessToken"].as_str().unwrap().to_owned()
    }

    pub async fn start(p: &Platform) -> Self {
        Self::start_with(p, &[]).await
    }

    /// With more variables.
    pub async fn start_with(p: &Platform, more: &[(&str, &str)]) -> Self {
        let (public, internal) = (free_address(), free_address());
        let env = |name: &str| std::env::var(name).unwrap();
        let child = tokio::process::Command::new(env!("CARGO_BIN_EXE_datacrowd-api-server"))
            .arg("serve")
            .env("KUBECONFIG", env("TEST_KUBECONFIG"))
            .env("DATACROWD_LISTEN", &public)
            .env("DATACROWD_INTERNAL_LISTEN", &internal)
            .env("AUTH_DATABASE_URL", p.auth.app_url())
            .env("CORE_DATABASE_URL", p.core_database.app_url())
            .env("PAYMENTS_DATABASE_URL", p.payments.app_url())
            .env("NOTIFICATIONS_DATABASE_URL", p.told.app_url())
            .env("DATACROWD_INTERNAL_TOKEN", "an internal token")
            .env(
                "DATACROWD_JWT_SECRET",
                "a signing key for this process, long enough",
            )
            .env("DATACROWD_TOTP_KEY", TOTP_KEY)
            .env("DATACROWD_WEBHOOK_KEY", TOTP_KEY)
            .env("DATACROWD_BUCKET", env("TEST_S3_BUCKET"))
            .env("AWS_ENDPOINT_URL", env("TEST_S3_ENDPOINT"))
            .env("DATACROWD_BILLING_MODE", "disabled")
            .env("DATACROWD_DRAIN_DELAY_SECONDS", "2")
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self::ready(p, child, &public, &internal).await
    }

    /// Waits until it is ready.
    async fn ready(
        p: &Platform,
        child: tokio::process::Child,
        public: &str,
        internal: &str,
    ) -> Self {
        let url = format!("http://{public}");
        let (http, probe) = (p.http.clone(), format!("{url}/readyz"));
        eventually(Duration::from_secs(30), || async {
            let ready = http.get(&probe).send().await.ok()?;
            (ready.status() == 200).then_some(())
        })
        .await;
        Self {
            child,
            url,
            internal: format!("http://{internal}"),
        }
    }

    /// A dispatcher, which reaches receivers on loopback.
    pub async fn dispatch(p: &Platform) -> Self {
        Self::dispatch_with(p, &[]).await
    }

    /// With more variables.
    pub async fn dispatch_with(p: &Platform, more: &[(&str, &str)]) -> Self {
        let probes = free_address();
        let child = tokio::process::Command::new(env!("CARGO_BIN_EXE_datacrowd-api-server"))
            .arg("dispatch")
            .env("DATACROWD_DISPATCH_LISTEN", &probes)
            .env("AUTH_DATABASE_URL", p.auth.app_url())
            .env("CORE_DATABASE_URL", p.core_database.app_url())
            .env("PAYMENTS_DATABASE_URL", p.payments.app_url())
            .env("NOTIFICATIONS_DATABASE_URL", p.told.app_url())
            .env("DATACROWD_WEBHOOK_KEY", TOTP_KEY)
            .env("DATACROWD_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self::ready(p, child, &probes, &probes).await
    }

    /// As a node asks it to end.
    pub async fn terminate(&self) {
        let pid = self.child.id().unwrap().to_string();
        let sent = tokio::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await;
        assert!(sent.unwrap().success());
    }
}

/// An address that nobody listened on a moment ago.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
