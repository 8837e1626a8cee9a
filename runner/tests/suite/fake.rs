//! The internal API and an object store in process, with the semantics a runner relies on: epochs, a
//! checkpoint that moves with the rows, `If-Match` and ranges. Faults are queued per endpoint.

mod folder;
mod runs;
mod store;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{any, get, post, put},
};
use datacrowd_job::{http, platform::Platform, retry::RetryPolicy};
use datacrowd_protocol::{
    chunk::Checkpoint,
    export::{ExportColumns, ExportFormat, ExportPage, RowPer},
    files::FolderOpened,
    ids::RunId,
    run::{CompleteRun, OpenRun},
    source::{Delimiter, Encoding, SourceFormat},
};
use datacrowd_runner::{Buckets, Session, source::Keys};
use datacrowd_testkit::Contract;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const TOKEN: &str = "projected";

/// What goes wrong with the next call of an endpoint.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Answer this status and nothing else.
    Status(u16),
    /// Do it, but lose the answer.
    LoseAnswer,
    /// Source: break the connection after so many bytes.
    CutAfter(usize),
    /// Answer only after so many milliseconds.
    Delay(u64),
    /// Another pod opens the run first.
    TakeOver,
    /// Source: somebody puts another object in its place.
    Replace,
    /// Chunk: take only so many rows, without refusing.
    TakeOnly(usize),
    /// S3 error of this status and code.
    S3(u16, &'static str),
}

/// Everything the platform and the store know.
pub struct World {
    pub url: String,
    pub format: SourceFormat,
    pub source: Bytes,
    pub etag: String,
    pub pinned: Option<String>,
    pub sha256: Option<String>,
    pub signed: bool,
    pub max_invalid_rows: i64,
    pub required: Vec<String>,
    pub epoch: i64,
    pub completed: bool,
    pub checkpoint: Checkpoint,
    pub tasks: BTreeMap<i64, Value>,
    pub quota: Option<i64>,
    pub exporting: bool,
    pub export: (ExportFormat, RowPer, bool, ExportColumns),
    /// Begin a CSV with a byte order mark.
    pub bom: bool,
    /// How the source is said to be written.
    pub delimiter: Option<Delimiter>,
    pub encoding: Option<Encoding>,
    pub multiline: bool,
    /// The objects of a folder by their keys: the source is that folder.
    pub files: BTreeMap<String, Bytes>,
    pub folder: Option<FolderOpened>,
    /// Objects of one page of the folder.
    pub page: usize,
    pub pages: Vec<ExportPage>,
    pub parts: BTreeMap<i32, Bytes>,
    pub completes: Vec<CompleteRun>,
    pub calls: HashMap<&'static str, usize>,
    pub opens: Vec<OpenRun>,
    faults: HashMap<&'static str, VecDeque<Fault>>,
}

/// A running fake.
#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    token_file: Arc<NamedTempFile>,
    contract: Contract,
}

impl Fake {
    pub async fn start(format: SourceFormat, source: impl Into<Bytes>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Self::empty(url, format, source.into());
        let token_file = NamedTempFile::new().unwrap();
        std::fs::write(token_file.path(), format!("{TOKEN}\n")).unwrap();
        let fake = Self {
            world: Arc::new(Mutex::new(world)),
            token_file: Arc::new(token_file),
            contract: Contract::default(),
        };
        let router = Router::new()
            .route("/internal/runs/{id}/open", post(runs::open))
            .route("/internal/runs/{id}/heartbeat", post(runs::heartbeat))
            .route("/internal/runs/{id}/source-url", post(runs::source_url))
            .route("/internal/runs/{id}/files", post(folder::files))
            .route("/internal/runs/{id}/complete", post(runs::complete))
            .route("/internal/runs/{id}/parts", post(runs::part_url))
            .route("/internal/datasets/{id}/tasks", post(runs::tasks))
            .route("/internal/exports/{id}/answers", get(runs::answers))
            .route("/internal/runs/{id}/entries", post(folder::entries))
            .route("/unpacked/{*name}", put(folder::unpacked))
            .route("/bucket/{*key}", any(store::object))
            .route("/folder/{*key}", get(folder::file))
            .route("/parts/{number}", put(store::part))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(fake.clone());
        let router = fake
            .contract
            .observe(router)
            .layer(from_fn_with_state(fake.clone(), runs::begun));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    fn empty(url: String, format: SourceFormat, source: Bytes) -> World {
        World {
            url,
            format,
            source,
            etag: "\"v1\"".to_owned(),
            pinned: Some("\"v1\"".to_owned()),
            sha256: None,
            signed: true,
            max_invalid_rows: 10,
            required: Vec::new(),
            epoch: 0,
            completed: false,
            checkpoint: Checkpoint {
                next_row: 1,
                next_line: 1,
                ..Checkpoint::default()
            },
            tasks: BTreeMap::new(),
            quota: None,
            exporting: false,
            export: (
                ExportFormat::Jsonl,
                RowPer::Answer,
                false,
                ExportColumns::default(),
            ),
            bom: false,
            delimiter: None,
            encoding: None,
            multiline: false,
            files: BTreeMap::new(),
            folder: None,
            page: 1000,
            pages: Vec::new(),
            parts: BTreeMap::new(),
            completes: Vec::new(),
            calls: HashMap::new(),
            opens: Vec::new(),
            faults: HashMap::new(),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// What is known at the end.
    pub fn take_world(&self) -> World {
        let empty = Self::empty(String::new(), self.world().format, Bytes::new());
        std::mem::replace(&mut *self.world(), empty)
    }

    /// Queues a fault for the next call of an endpoint.
    pub fn fault(&self, endpoint: &'static str, fault: Fault) {
        self.world()
            .faults
            .entry(endpoint)
            .or_default()
            .push_back(fault);
    }

    /// Nothing goes wrong any more.
    pub fn mend(&self, endpoint: &str) {
        self.world().faults.remove(endpoint);
    }

    pub fn calls(&self, endpoint: &str) -> usize {
        self.world().calls.get(endpoint).copied().unwrap_or(0)
    }

    pub fn token_path(&self) -> std::path::PathBuf {
        self.token_file.path().to_owned()
    }

    /// A pod that tries often, for as long as a test may take.
    pub fn session(&self) -> Session {
        self.session_with(Duration::from_secs(30))
    }

    /// A pod that gives up at once.
    pub fn impatient(&self) -> Session {
        self.session_with(Duration::from_millis(300))
    }

    fn session_with(&self, total: Duration) -> Session {
        let retry_policy = RetryPolicy {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(20),
            total,
            refusals: 3,
            heartbeat: Duration::from_millis(50),
        };
        let http = http::client(datacrowd_runner::NAME).unwrap();
        let url: reqwest::Url = self.world().url.parse().unwrap();
        let platform = Platform::new(
            http.clone(),
            url.clone(),
            self.token_path(),
            RunId(Uuid::nil()),
            "correlation".to_owned(),
            retry_policy,
        );
        Session {
            platform: Arc::new(platform),
            http,
            own: Buckets {
                keys: Some(Keys {
                    access_key: "access".to_owned(),
                    secret_key: "secret".to_owned(),
                    session_token: None,
                    region: "us-east-1".to_owned(),
                    endpoint: Some(url.to_string()),
                }),
                endpoints: "127.0.0.0/8".parse().unwrap(),
            },
            pod_uid: Uuid::new_v4().to_string(),
            retry_policy,
            stop: CancellationToken::new(),
        }
    }

    /// Counts the call and lets its fault happen; an answer means that the call goes no further.
    async fn enter(&self, endpoint: &'static str) -> (Option<Fault>, Option<Response>) {
        let fault = {
            let mut world = self.world();
            *world.calls.entry(endpoint).or_default() += 1;
            world.faults.get_mut(endpoint).and_then(VecDeque::pop_front)
        };
        let answer = match &fault {
            Some(Fault::Status(status)) => Some(problem(*status, json!({}))),
            Some(Fault::S3(status, code)) => Some(
                (
                    status_code(*status),
                    format!("<Error><Code>{code}</Code></Error>"),
                )
                    .into_response(),
            ),
            Some(Fault::Delay(millis)) => {
                tokio::time::sleep(Duration::from_millis(*millis)).await;
                None
            }
            Some(Fault::Replace) => {
                self.world().etag = "\"v2\"".into();
                None
            }
            Some(Fault::TakeOver) => {
                self.world().epoch += 1;
                None
            }
            _ => None,
        };
        (fault, answer)
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

fn problem(status: u16, details: Value) -> Response {
    let code = match status {
        502 => "object_store_refused",
        _ => "fake",
    };
    let body = json!({
        "type": "about:blank", "title": "", "status": status, "timestamp": "", "path": "",
        "message": format!("The fake says {status}."), "code": code, "correlationId": "", "details": details,
    });
    let mut response = (status_code(status), Json(body)).into_response();
    response
        .headers_mut()
        .insert("retry-after", "0".parse().unwrap());
    response
}

fn refuse_token(headers: &HeaderMap) -> Option<Response> {
    let right = headers
        .get("authorization")
        .is_some_and(|value| value == format!("Bearer {TOKEN}").as_str());
    (!right || !headers.contains_key("x-correlation-id")).then(|| problem(401, json!({})))
}
