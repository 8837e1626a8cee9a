//! The API server as a process of its own, on throwaway databases, a real bucket and a real control plane.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use datacrowd_testkit::TestDatabase;
use kube::Client;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::cluster;

mod data;
mod dispatcher;
mod runs;

pub use self::dispatcher::Dispatcher;

const PASSWORD: &str = "a long password of a benchmark";
const INTERNAL_TOKEN: &str = "the internal token of a benchmark";
const MALLOC: &str = "glibc.malloc.mmap_threshold=1048576:glibc.malloc.arena_max=2";
const WEBHOOK_KEY: &str = "a sealing secret of a benchmark, long enough";
const BOUNDARY: &str = "the-boundary-of-a-benchmark";

/// A running server, and whom the benchmark is to it.
pub struct Platform {
    pub core: TestDatabase,
    pub payments: TestDatabase,
    pub told: TestDatabase,
    auth: TestDatabase,
    pub server: Child,
    http: reqwest::Client,
    url: String,
    internal: String,
    cluster: Client,
    name: String,
    client: RwLock<String>,
    namespace: String,
}

pub fn env(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set; run a bench target of make"))
}

/// A binary that `cargo build` put beside this one.
pub fn beside(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "{} is not built", path.display());
    Ok(path)
}

fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The server, with its settings; it writes its log to `log`.
fn server(
    [auth, core, payments, notifications]: [&TestDatabase; 4],
    listen: &str,
    internal: &str,
    log: &Path,
) -> Result<Command> {
    let mut command = Command::new(beside("datacrowd-api-server")?);
    command
        .arg("serve")
        .env("DATACROWD_LISTEN", listen)
        .env("DATACROWD_INTERNAL_LISTEN", internal)
        .env("AUTH_DATABASE_URL", auth.app_url())
        .env("CORE_DATABASE_URL", core.app_url())
        .env("PAYMENTS_DATABASE_URL", payments.app_url())
        .env("NOTIFICATIONS_DATABASE_URL", notifications.app_url())
        .env("DATACROWD_INTERNAL_TOKEN", INTERNAL_TOKEN)
        .env(
            "DATACROWD_JWT_SECRET",
            "a signing secret of a benchmark, long enough",
        )
        .env("DATACROWD_WEBHOOK_KEY", WEBHOOK_KEY)
        .env(
            "DATACROWD_TOTP_KEY",
            "a sealing secret of a benchmark, long enough",
        )
        .env("DATACROWD_ADMIN_USERNAME", "admin")
        .env("DATACROWD_ADMIN_EMAIL", "admin@example.com")
        .env("DATACROWD_ADMIN_PASSWORD", PASSWORD)
        .env("DATACROWD_BUCKET", env("TEST_S3_BUCKET")?)
        .env("AWS_ENDPOINT_URL", env("TEST_S3_ENDPOINT")?)
        .env("AWS_ACCESS_KEY_ID", env("TEST_S3_ACCESS_KEY")?)
        .env("AWS_SECRET_ACCESS_KEY", env("TEST_S3_SECRET_KEY")?)
        .env("DATACROWD_BILLING_MODE", "disabled")
        .env("DATACROWD_REQUESTS_PER_ADDRESS", "0") // all clients have one
        .env("DATACROWD_REQUESTS_PER_ACCOUNT", "0")
        .env("DATACROWD_LOG", "warn")
        .env("KUBECONFIG", env("TEST_KUBECONFIG")?)
        // As the chart sets it.
        .env("GLIBC_TUNABLES", MALLOC)
        .stdout(File::create(log)?)
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    Ok(command)
}

impl Platform {
    /// Starts everything anew; the server writes its log to `log`.
    pub async fn start(log: &Path) -> Result<Self> {
        let cluster = cluster::connect().await?;
        cluster::install_resources(&cluster).await?;
        let (auth, core, payments, notifications) = tokio::join!(
            TestDatabase::create("auth"),
            TestDatabase::create("core"),
            TestDatabase::create("payments"),
            TestDatabase::create("notifications")
        );
        let (listen, internal) = (free_address()?, free_address()?);
        let databases = [&auth, &core, &payments, &notifications];
        let server = server(databases, &listen, &internal, log)?.spawn()?;
        let mut platform = Self {
            core,
            payments,
            told: notifications,
            auth,
            server,
            http: reqwest::Client::new(),
            url: format!("http://{listen}"),
            internal: format!("http://{internal}"),
            cluster,
            name: format!("bench{}", &Uuid::new_v4().simple().to_string()[..8]),
            client: RwLock::default(),
            namespace: String::new(),
        };
        platform.ready().await?;
        platform.become_client().await?;
        Ok(platform)
    }

    /// Kills the server and starts it again; how long it took until it was ready.
    pub async fn restart(&mut self, log: &Path) -> Result<Duration> {
        self.server.kill().await?;
        let databases = [&self.auth, &self.core, &self.payments, &self.told];
        let (listen, internal) = (
            &self.url["http://".len()..],
            &self.internal["http://".len()..],
        );
        let mut command = server(databases, listen, internal, log)?;
        let begun = Instant::now();
        self.server = command.spawn()?;
        self.ready().await?;
        Ok(begun.elapsed())
    }

    async fn ready(&mut self) -> Result<()> {
        let url = format!("{}/readyz", self.url);
        let mut last = None;
        for _ in 0..12_000 {
            if let Some(status) = self.server.try_wait()? {
                bail!("the server ended with {status} before it was ready");
            }
            match self.http.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                other => last = Some(format!("{other:?}")),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server is not ready after a minute: {last:?}")
    }

    async fn become_client(&mut self) -> Result<()> {
        let id = self.register(&self.name).await?;
        let admin = self.login("admin").await?;
        let role = format!("/admin/users/{id}/role");
        let user = self
            .call(
                &admin,
                Method::PATCH,
                &role,
                Some(json!({"role": "CLIENT"})),
            )
            .await?;
        self.namespace = text(&user["tenant"]["namespace"])?;
        self.sign_in().await
    }

    /// An endpoint of webhooks for everything.
    pub async fn subscribe(&self, url: &str) -> Result<String> {
        let (client, body) = (self.client(), json!({"url": url}));
        let made = self.call(&client, Method::POST, "/webhook-endpoints", Some(body));
        text(&made.await?["id"])
    }

    /// A new access token of the client: one lives for 15 minutes.
    pub async fn sign_in(&self) -> Result<()> {
        let token = self.login(&self.name).await?;
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = token;
        Ok(())
    }

    fn client(&self) -> String {
        self.client
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn register(&self, name: &str) -> Result<String> {
        let body =
            json!({"email": format!("{name}@example.com"), "username": name, "password": PASSWORD});
        text(
            &self
                .call("", Method::POST, "/auth/register", Some(body))
                .await?["id"],
        )
    }

    /// A new access token of somebody registered.
    pub async fn login(&self, name: &str) -> Result<String> {
        let body = json!({"login": name, "password": PASSWORD});
        text(
            &self
                .call("", Method::POST, "/auth/login", Some(body))
                .await?["accessToken"],
        )
    }

    /// Access tokens of that many new workers.
    pub async fn workers(&self, count: usize) -> Result<Vec<String>> {
        let mut tokens = Vec::with_capacity(count);
        for n in 0..count {
            let name = format!("worker{n}");
            self.register(&name).await?;
            tokens.push(self.login(&name).await?);
        }
        Ok(tokens)
    }

    /// Whether the project's owner, or a fit, keeps a worker out.
    pub async fn is_blocked(&self, token: &str, project: &str) -> Result<bool> {
        let body = json!({"projectId": project, "count": 1});
        let (status, _) = self
            .answer(token, Method::POST, "/tasks/claim", Some(&body))
            .await?;
        Ok(status == StatusCode::FORBIDDEN)
    }

    /// Up to that many tasks; none when there are none, or none for a worker who is blocked.
    pub async fn claim(&self, token: &str, project: &str, count: usize) -> Result<Vec<Value>> {
        let body = json!({"projectId": project, "count": count});
        let (status, answer) = self
            .answer(token, Method::POST, "/tasks/claim", Some(&body))
            .await?;
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) {
            return Ok(Vec::new());
        }
        ensure!(status.is_success(), "claim: {status} {answer}");
        let mut answer: Value = serde_json::from_str(&answer)?;
        Ok(serde_json::from_value(answer["tasks"].take())?)
    }

    /// Submits a claimed task with this rating.
    pub async fn submit(&self, token: &str, task: &Value, rating: &str) -> Result<()> {
        let id = task["id"].as_i64().context("a task without an id")?;
        let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": rating}, "activeMillis": 1});
        let path = format!("/tasks/{id}/submit");
        self.call(token, Method::POST, &path, Some(body)).await?;
        Ok(())
    }

    /// Fits how often each worker is right, as a CronJob does it.
    pub async fn fit_consensus(&self) -> Result<()> {
        let ended = Command::new(beside("datacrowd-api-server")?)
            .args(["run", "consensus"])
            .env("CORE_DATABASE_URL", self.core.app_url())
            .env("DATACROWD_LOG", "warn")
            .stdout(Stdio::null())
            .status()
            .await?;
        ensure!(ended.success(), "the fit ended with {ended}");
        Ok(())
    }

    /// A call that must succeed.
    pub async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        let (status, text) = self.answer(token, method, path, body.as_ref()).await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A call; one that comes too fast is repeated when the server says so.
    async fn answer(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, String)> {
        loop {
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.url));
            if !token.is_empty() {
                request = request.bearer_auth(token);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let answer = request.send().await?;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                let wait = answer.headers().get("retry-after");
                let wait = wait
                    .and_then(|w| w.to_str().ok()?.parse().ok())
                    .unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(wait)).await;
                continue;
            }
            return Ok((answer.status(), answer.text().await?));
        }
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("a text is missing")?.to_owned())
}
