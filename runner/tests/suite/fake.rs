//! The internal API and an object store in process, with the semantics a runner relies on: epochs, a
//! checkpoint that moves with the rows, `If-Match` and ranges. Faults are queued per endpoint.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get, post, put},
};
use datacrowd_job::{http, platform::Platform, retry::RetryPolicy};
use datacrowd_protocol::{
    chunk::{Checkpoint, ChunkHeader, ChunkLoaded, ChunkRow, RejectedRow, SHOWN_REJECTED_ROWS},
    export::{ExportColumns, ExportFormat, ExportPage, RowPer},
    files::{
        Companions, EntriesRequest, EntryPlace, EntryPlaces, FilesPage, FilesRequest, FolderOpened,
        ListedFile, NamedEntry, Selection, companions_of,
    },
    ids::{DatasetId, ExportId, RunId},
    run::{CompleteRun, ExportOpened, GenerateOpened, OpenRun, PartRequest},
    source::{Delimiter, Encoding, SourceFormat},
};
use datacrowd_runner::{Buckets, Session, source::Keys};
use datacrowd_testkit::Contract;
use futures::StreamExt as _;
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
            .route("/internal/runs/{id}/open", post(open))
            .route("/internal/runs/{id}/heartbeat", post(heartbeat))
            .route("/internal/runs/{id}/source-url", post(source_url))
            .route("/internal/runs/{id}/files", post(files))
            .route("/internal/runs/{id}/complete", post(complete))
            .route("/internal/runs/{id}/parts", post(part_url))
            .route("/internal/datasets/{id}/tasks", post(tasks))
            .route("/internal/exports/{id}/answers", get(answers))
            .route("/internal/runs/{id}/entries", post(entries))
            .route("/unpacked/{*name}", put(unpacked))
            .route("/bucket/{*key}", any(object))
            .route("/folder/{*key}", get(file))
            .route("/parts/{number}", put(part))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(fake.clone());
        let router = fake.contract.observe(router);
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

async fn open(State(fake): State<Fake>, headers: HeaderMap, Json(body): Json<OpenRun>) -> Response {
    let (_, answer) = fake.enter("open").await;
    if let Some(answer) = answer.or_else(|| refuse_token(&headers)) {
        return answer;
    }
    let mut world = fake.world();
    world.epoch += 1;
    if let Some(found) = &body.source {
        world.pinned = Some(found.etag.clone());
    }
    world.opens.push(body);
    if world.exporting {
        let (format, row_per, raw_cells, columns) = world.export.clone();
        return Json(ExportOpened {
            epoch: world.epoch,
            completed: world.completed,
            export_id: ExportId(Uuid::nil()),
            format,
            row_per,
            raw_cells,
            bom: world.bom,
            watermark: 1,
            columns,
            consensus: None,
        })
        .into_response();
    }
    Json(GenerateOpened {
        epoch: world.epoch,
        completed: world.completed,
        dataset_id: DatasetId(Uuid::nil()),
        source_url: world
            .signed
            .then(|| format!("{}/bucket/key?signature=1", world.url)),
        source_uri: match &world.folder {
            Some(_) => "s3://bucket/clips/".to_owned(),
            None => "s3://bucket/key.csv".to_owned(),
        },
        etag: world.pinned.clone(),
        size_bytes: world.pinned.as_ref().map(|_| world.source.len() as i64),
        sha256: world.sha256.clone(),
        format: world.format,
        batch_size: 100,
        max_invalid_rows: world.max_invalid_rows,
        required_columns: world.required.clone(),
        main_column: world.required.first().cloned(),
        delimiter: world.delimiter,
        encoding: world.encoding,
        multiline: world.multiline,
        folder: world.folder.clone(),
        checkpoint: world.checkpoint.clone(),
    })
    .into_response()
}

async fn heartbeat(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    let (_, answer) = fake.enter("heartbeat").await;
    answer.unwrap_or_else(|| fenced_or(&fake, &body, || StatusCode::NO_CONTENT.into_response()))
}

async fn source_url(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    let (_, answer) = fake.enter("source-url").await;
    let url = fake.world().url.clone();
    let fresh = || {
        Json(json!({ "sourceUrl": format!("{url}/bucket/key?signature=fresh") })).into_response()
    };
    answer.unwrap_or_else(|| fenced_or(&fake, &body, fresh))
}

/// ETag of a file of the folder.
fn etag_of(bytes: &[u8]) -> String {
    format!(
        "\"{:x}\"",
        bytes.iter().fold(bytes.len(), |sum, byte| sum * 31 % 99_991
            + usize::from(*byte))
    )
}

async fn files(State(fake): State<Fake>, Json(body): Json<FilesRequest>) -> Response {
    let (_, answer) = fake.enter("files").await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if body.epoch != world.epoch {
        return problem(409, json!({}));
    }
    let behind = |key: &&String| body.after.as_ref().is_none_or(|after| *key > after);
    let keys: Vec<_> = world.files.keys().filter(behind).collect();
    let has_more = keys.len() > world.page;
    let page = &keys[..keys.len().min(world.page)];
    let folder = world.folder.clone().unwrap();
    let selection = Selection {
        companions: folder.companions.then_some(Companions::SameStem),
        ..Selection::default()
    };
    let patterns = selection.patterns().unwrap();
    let url = |key: &str| format!("{}/folder/{key}", world.url);
    let listed = page.iter().filter_map(|key| {
        let name = key.strip_prefix("clips/")?;
        let beside = companions_of(key);
        patterns.select(name).then(|| ListedFile {
            key: (*key).clone(),
            name: name.to_owned(),
            uri: format!("s3://bucket/{key}"),
            size_bytes: world.files[*key].len() as i64,
            etag: etag_of(&world.files[*key]),
            url: (!name.contains("..")).then(|| url(key)),
            companions: beside
                .iter()
                .filter(|_| folder.companions)
                .map(|key| url(key))
                .collect(),
        })
    });
    Json(FilesPage {
        files: listed.collect(),
        next: page.last().filter(|_| has_more).map(|key| (*key).clone()),
    })
    .into_response()
}

async fn entries(State(fake): State<Fake>, Json(body): Json<EntriesRequest>) -> Response {
    let (_, answer) = fake.enter("entries").await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if body.epoch != world.epoch {
        return problem(409, json!({}));
    }
    let place = |entry: &NamedEntry| {
        let there = world.files.get(&format!("clips/{}", entry.name));
        let is_there = there.is_some_and(|bytes| bytes.len() as i64 == entry.size_bytes);
        EntryPlace {
            url: (!is_there).then(|| format!("{}/unpacked/{}", world.url, entry.name)),
        }
    };
    Json(EntryPlaces {
        places: body.entries.iter().map(place).collect(),
    })
    .into_response()
}

/// Takes an object whole, as an object store does, or not at all.
async fn unpacked(State(fake): State<Fake>, Path(name): Path<String>, body: Body) -> Response {
    let (_, answer) = fake.enter("unpacked").await;
    if let Some(answer) = answer {
        return answer;
    }
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return problem(400, json!({}));
    };
    fake.world().files.insert(format!("clips/{name}"), bytes);
    StatusCode::OK.into_response()
}

async fn file(State(fake): State<Fake>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let (fault, answer) = fake.enter("file").await;
    if let Some(answer) = answer {
        return answer;
    }
    let bytes = fake.world().files.get(&key).cloned();
    let Some(bytes) = bytes else {
        return problem(404, json!({}));
    };
    if headers
        .get("if-match")
        .is_some_and(|etag| *etag != etag_of(&bytes)[..])
    {
        return problem(412, json!({}));
    }
    let range = headers["range"].to_str().unwrap();
    let last: usize = range.strip_prefix("bytes=0-").unwrap().parse().unwrap();
    let head = bytes.slice(..bytes.len().min(last + 1));
    let body = match fault {
        Some(Fault::CutAfter(_)) => {
            let cut = async { Err::<Bytes, _>(std::io::Error::other("cut")) };
            Body::from_stream(futures::stream::once(cut))
        }
        _ => Body::from(head),
    };
    (StatusCode::PARTIAL_CONTENT, body).into_response()
}

async fn part_url(State(fake): State<Fake>, Json(body): Json<PartRequest>) -> Response {
    let (_, answer) = fake.enter("parts").await;
    let url = format!("{}/parts/{}", fake.world().url, body.part_number);
    let epoch = json!({ "epoch": body.epoch });
    answer.unwrap_or_else(|| {
        fenced_or(&fake, &epoch, || {
            Json(json!({ "url": url })).into_response()
        })
    })
}

async fn complete(State(fake): State<Fake>, Json(body): Json<CompleteRun>) -> Response {
    let (_, answer) = fake.enter("complete").await;
    if let Some(answer) = answer {
        return answer;
    }
    let epoch = json!({ "epoch": body.epoch });
    fenced_or(&fake, &epoch, || {
        fake.world().completes.push(body);
        StatusCode::NO_CONTENT.into_response()
    })
}

fn fenced_or(fake: &Fake, body: &Value, answer: impl FnOnce() -> Response) -> Response {
    let current = fake.world().epoch;
    if body["epoch"] == current {
        answer()
    } else {
        problem(409, json!({}))
    }
}

async fn tasks(State(fake): State<Fake>, headers: HeaderMap, body: String) -> Response {
    let (fault, answer) = fake.enter("tasks").await;
    if let Some(answer) = answer.or_else(|| refuse_token(&headers)) {
        return answer;
    }
    let mut world = fake.world();
    if headers["x-epoch"] != world.epoch.to_string().as_str() || !headers.contains_key("x-run-id") {
        return problem(409, json!({}));
    }
    let mut lines = body.lines();
    let header: ChunkHeader = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut rows: Vec<ChunkRow> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let whole = rows.len();
    if let Some(Fault::TakeOnly(most)) = fault {
        rows.truncate(most);
    }
    let quota = world.quota.map(|quota| usize::try_from(quota).unwrap());
    rows.truncate(quota.unwrap_or(whole));
    world.quota = world
        .quota
        .map(|quota| quota - i64::try_from(rows.len()).unwrap());
    world.checkpoint.header = header.header;
    world.checkpoint.dialect = header.dialect;
    world.checkpoint.columns = header.columns;
    world.checkpoint.notices = header.notices;
    for row in &rows {
        take(&mut world, row);
    }
    if rows.len() == whole {
        world.checkpoint.next_line = header.next_line;
    }
    match fault {
        Some(Fault::LoseAnswer) => problem(500, json!({})),
        _ if quota.is_some_and(|quota| quota < whole) => {
            problem(402, json!({ "accepted": rows.len() }))
        }
        _ => Json(ChunkLoaded {
            inserted: i64::try_from(rows.len()).unwrap(),
            skipped: 0,
            checkpoint: world.checkpoint.clone(),
        })
        .into_response(),
    }
}

/// One row of a chunk, exactly once.
fn take(world: &mut World, row: &ChunkRow) {
    if row.row_no < world.checkpoint.next_row {
        return;
    }
    assert_eq!(
        row.row_no, world.checkpoint.next_row,
        "rows come in order, without gaps"
    );
    world.checkpoint.next_row += 1;
    world.checkpoint.blank += row.blank_before;
    world.checkpoint.offset = row.end_offset;
    world.checkpoint.after.clone_from(&row.key);
    world.checkpoint.next_line = row.next_line().unwrap();
    match (&row.payload, &row.rejected) {
        (Some(payload), None) => {
            world
                .tasks
                .insert(row.row_no, serde_json::from_str(payload.get()).unwrap());
        }
        (None, Some(reason)) => {
            world.checkpoint.rejected += 1;
            if world.checkpoint.rejected_rows.len() < SHOWN_REJECTED_ROWS {
                let line = row.line.unwrap();
                world.checkpoint.rejected_rows.push(RejectedRow {
                    line,
                    reason: reason.clone(),
                });
            }
        }
        other => panic!("a row is either loaded or refused: {other:?}"),
    }
}

async fn answers(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let (_, answer) = fake.enter("answers").await;
    if let Some(answer) = answer.or_else(|| refuse_token(&headers)) {
        return answer;
    }
    let world = fake.world();
    if query["epoch"] != world.epoch.to_string() || !query.contains_key("runId") {
        return problem(409, json!({}));
    }
    let index: usize = query
        .get("cursor")
        .map_or(0, |cursor| cursor.parse().unwrap());
    let empty = ExportPage {
        items: Vec::new(),
        next_cursor: None,
    };
    let mut page = world.pages.get(index).cloned().unwrap_or(empty);
    page.next_cursor = (index + 1 < world.pages.len()).then(|| (index + 1).to_string());
    Json(page).into_response()
}

async fn part(State(fake): State<Fake>, Path(number): Path<i32>, body: Bytes) -> Response {
    let (_, answer) = fake.enter("put").await;
    if let Some(answer) = answer {
        return answer;
    }
    fake.world().parts.insert(number, body);
    [("etag", format!("\"part-{number}\""))].into_response()
}

async fn object(State(fake): State<Fake>, method: Method, headers: HeaderMap) -> Response {
    let endpoint = if method == Method::HEAD {
        "head"
    } else {
        "source"
    };
    let (fault, answer) = fake.enter(endpoint).await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if headers
        .get("if-match")
        .is_some_and(|etag| etag != world.etag.as_str())
    {
        return problem(412, json!({}));
    }
    let size = world.source.len();
    let etag = ("etag", world.etag.clone());
    let Some(range) = headers.get("range") else {
        return ([etag], world.source.clone()).into_response();
    };
    let range = range.to_str().unwrap().trim_start_matches("bytes=");
    let start: usize = range.split('-').next().unwrap().parse().unwrap();
    if start >= size {
        return (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [("content-range", format!("bytes */{size}"))],
        )
            .into_response();
    }
    let bytes = world.source.slice(start..);
    let headers = [
        etag,
        (
            "content-range",
            format!("bytes {start}-{}/{size}", size - 1),
        ),
    ];
    let body = match fault {
        Some(Fault::CutAfter(most)) => {
            // What was sent arrives before the connection breaks, else the store would lose it with the connection.
            let part = bytes.slice(..most.min(bytes.len()));
            let cut = async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Err(std::io::Error::other("cut"))
            };
            let sent = futures::stream::iter([Ok(part)]);
            Body::from_stream(sent.chain(futures::stream::once(cut)))
        }
        _ => Body::from(bytes),
    };
    (StatusCode::PARTIAL_CONTENT, headers, body).into_response()
}
