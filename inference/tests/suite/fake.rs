//! The internal API and an object store in process, with what a run of a model relies on: epochs, a checkpoint that moves
//! with the pages, `If-Match`. Faults are queued per endpoint.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use datacrowd_inference::{Session, worker::Limits};
use datacrowd_job::{http, platform::Platform, retry::RetryPolicy};
use datacrowd_protocol::{
    ids::{ModelId, PredictionId, RunId, TaskId},
    model::{
        InspectOpened, ItemsPage, ItemsRequest, ModelFound, ModelInput, ModelOpened, ModelOutput,
        PredictItem, PredictOpened, Predicted, PredictionsReport, PredictionsTaken,
    },
    run::{CompleteRun, OpenRun},
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{fixtures, queue};

const TOKEN: &str = "projected";

/// What goes wrong with the next call of an endpoint.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Answer this status and nothing else.
    Status(u16),
    /// Do it, but lose the answer.
    LoseAnswer,
    /// Another pod opens the run first.
    TakeOver,
}

/// Everything the platform and the store know.
pub struct World {
    pub url: String,
    pub model: Vec<u8>,
    pub sha256: Option<String>,
    pub input: ModelInput,
    pub output: ModelOutput,
    pub items: Vec<PredictItem>,
    /// Items of one page.
    pub page: usize,
    pub files: BTreeMap<String, Vec<u8>>,
    pub epoch: i64,
    pub completed: bool,
    /// Row of the last item that was told of.
    pub after: i64,
    pub predictions: BTreeMap<i64, Predicted>,
    /// Items that were told of again.
    pub again: usize,
    pub found: Vec<ModelFound>,
    pub completes: Vec<CompleteRun>,
    /// Rows that are lent, by lease.
    pub leases: HashMap<Uuid, i64>,
    /// Rows that were given back.
    pub returned: Vec<i64>,
    pub calls: HashMap<&'static str, usize>,
    faults: HashMap<&'static str, VecDeque<Fault>>,
}

impl World {
    /// The model, as whoever runs it is told.
    pub fn model_opened(&self) -> ModelOpened {
        ModelOpened {
            model_id: ModelId(Uuid::nil()),
            uri: "s3://bucket/tenant/model.onnx".to_owned(),
            url: format!("{}/model?signature=1", self.url),
            sha256: self.sha256.clone(),
            input: self.input.clone(),
            output: self.output.clone(),
        }
    }
}

/// A running fake.
#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    token_file: Arc<NamedTempFile>,
}

impl Fake {
    /// A run of a model over no item yet.
    pub async fn start(model: &str, input: ModelInput, output: ModelOutput) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = World {
            url: format!("http://{}", listener.local_addr().unwrap()),
            model: fixtures::bytes(model),
            sha256: None,
            input,
            output,
            items: Vec::new(),
            page: 4,
            files: BTreeMap::new(),
            epoch: 0,
            completed: false,
            after: 0,
            predictions: BTreeMap::new(),
            again: 0,
            found: Vec::new(),
            completes: Vec::new(),
            leases: HashMap::new(),
            returned: Vec::new(),
            calls: HashMap::new(),
            faults: HashMap::new(),
        };
        let token_file = NamedTempFile::new().unwrap();
        std::fs::write(token_file.path(), TOKEN).unwrap();
        let fake = Self {
            world: Arc::new(Mutex::new(world)),
            token_file: Arc::new(token_file),
        };
        let router = Router::new()
            .route("/internal/runs/{id}/open", post(open))
            .route("/internal/runs/{id}/heartbeat", post(heartbeat))
            .route("/internal/runs/{id}/items", post(items))
            .route("/internal/runs/{id}/predictions", post(predictions))
            .route("/internal/runs/{id}/model", post(model_found))
            .route("/internal/runs/{id}/complete", post(complete))
            .merge(queue::routes())
            .route("/model", get(model_file))
            .route("/files/{name}", get(file))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Queues a fault for the next call of an endpoint.
    pub fn fault(&self, endpoint: &'static str, fault: Fault) {
        let mut world = self.world();
        world.faults.entry(endpoint).or_default().push_back(fault);
    }

    pub fn calls(&self, endpoint: &str) -> usize {
        self.world().calls.get(endpoint).copied().unwrap_or(0)
    }

    pub fn token_path(&self) -> std::path::PathBuf {
        self.token_file.path().to_owned()
    }

    /// Adds a recording of this name and content; its row is the next.
    pub fn add_file(&self, name: &str, bytes: Vec<u8>) {
        let mut world = self.world();
        let item = PredictItem {
            url: Some(format!("{}/files/{name}?signature=1", world.url)),
            etag: Some(etag_of(&bytes)),
            name: Some(name.to_owned()),
            ..next_item(&world)
        };
        world.files.insert(name.to_owned(), bytes);
        world.items.push(item);
    }

    /// Adds an item of these cells.
    pub fn add_cells(&self, cells: Value) {
        let mut world = self.world();
        let item = PredictItem {
            cells: serde_json::from_value(cells).unwrap(),
            ..next_item(&world)
        };
        world.items.push(item);
    }

    /// A pod that tries often, for as long as a test may take.
    pub fn session(&self) -> Session {
        self.session_with(Duration::from_secs(30), fixtures::limits())
    }

    /// A pod that gives up at once.
    pub fn impatient(&self) -> Session {
        self.session_with(Duration::from_millis(300), fixtures::limits())
    }

    fn session_with(&self, total: Duration, own: Limits) -> Session {
        let retry_policy = RetryPolicy {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(20),
            total,
            refusals: 3,
            heartbeat: Duration::from_millis(50),
        };
        let http = http::client(datacrowd_inference::NAME).unwrap();
        let platform = Platform::new(
            http.clone(),
            self.world().url.parse().unwrap(),
            self.token_path(),
            RunId(Uuid::nil()),
            "correlation".to_owned(),
            retry_policy,
        );
        Session {
            platform: Arc::new(platform),
            http,
            own,
            pod_uid: Uuid::new_v4().to_string(),
            retry_policy,
            stop: CancellationToken::new(),
        }
    }

    /// Counts the call and lets its fault happen; an answer means that the call goes no further.
    pub fn enter(&self, endpoint: &'static str) -> (Option<Fault>, Option<Response>) {
        let fault = {
            let mut world = self.world();
            *world.calls.entry(endpoint).or_default() += 1;
            world.faults.get_mut(endpoint).and_then(VecDeque::pop_front)
        };
        let answer = match &fault {
            Some(Fault::Status(status)) => Some(problem(*status)),
            Some(Fault::TakeOver) => {
                self.world().epoch += 1;
                None
            }
            _ => None,
        };
        (fault, answer)
    }
}

fn next_item(world: &World) -> PredictItem {
    // Rows that were refused are no tasks, so there are gaps.
    let row_no = world.items.last().map_or(3, |item| item.row_no + 2);
    PredictItem {
        task_id: TaskId(row_no * 10),
        row_no,
        url: None,
        etag: None,
        name: None,
        cells: BTreeMap::new(),
        failure: None,
        windows: 0,
    }
}

pub fn etag_of(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(bytes.len(), |sum, byte| {
        sum * 31 % 99_991 + usize::from(*byte)
    });
    format!("\"{sum:x}\"")
}

pub fn problem(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = json!({
        "type": "about:blank", "title": "", "status": status.as_u16(), "timestamp": "", "path": "",
        "message": format!("The fake says {status}."), "code": "fake", "correlationId": "", "details": {},
    });
    (status, [("retry-after", "0")], Json(body)).into_response()
}

pub fn refuse_token(headers: &HeaderMap) -> Option<Response> {
    let right = headers
        .get("authorization")
        .is_some_and(|value| value == format!("Bearer {TOKEN}").as_str());
    (!right || !headers.contains_key("x-correlation-id")).then(|| problem(401))
}

async fn open(State(fake): State<Fake>, headers: HeaderMap, Json(_): Json<OpenRun>) -> Response {
    let (_, answer) = fake.enter("open");
    if let Some(answer) = answer.or_else(|| refuse_token(&headers)) {
        return answer;
    }
    let mut world = fake.world();
    world.epoch += 1;
    let (epoch, completed) = (world.epoch, world.completed);
    let model = world.model_opened();
    if world.items.is_empty() {
        return Json(InspectOpened {
            epoch,
            completed,
            model,
        })
        .into_response();
    }
    let (predicted, failed) = counts(&world);
    Json(PredictOpened {
        epoch,
        completed,
        prediction_id: PredictionId(Uuid::nil()),
        model,
        after: world.after,
        predicted,
        failed,
    })
    .into_response()
}

fn counts(world: &World) -> (i64, i64) {
    let failed = world
        .predictions
        .values()
        .filter(|p| p.failure.is_some())
        .count();
    let count = |number: usize| i64::try_from(number).unwrap();
    (count(world.predictions.len() - failed), count(failed))
}

async fn heartbeat(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    let (_, answer) = fake.enter("heartbeat");
    let held = body["epoch"] == fake.world().epoch;
    answer.unwrap_or_else(|| match held {
        true => StatusCode::NO_CONTENT.into_response(),
        false => problem(409),
    })
}

async fn items(State(fake): State<Fake>, Json(body): Json<ItemsRequest>) -> Response {
    let (_, answer) = fake.enter("items");
    let world = fake.world();
    if let Some(answer) = answer {
        return answer;
    }
    if body.epoch != world.epoch {
        return problem(409);
    }
    let behind = world.items.iter().filter(|item| item.row_no > body.after);
    let items = behind.take(world.page).cloned().collect();
    Json(ItemsPage { items }).into_response()
}

/// A page is taken as a whole, in its order; what is known of an item stays.
async fn predictions(State(fake): State<Fake>, Json(body): Json<PredictionsReport>) -> Response {
    let (fault, answer) = fake.enter("predictions");
    if let Some(answer) = answer {
        return answer;
    }
    let mut world = fake.world();
    if body.epoch != world.epoch {
        return problem(409);
    }
    for told in body.items {
        let item = world
            .items
            .iter()
            .find(|item| item.row_no == told.row_no)
            .unwrap();
        assert_eq!(item.task_id, told.task_id);
        // A number has neither, a label both.
        let sure = (told.probability.is_some(), !told.probabilities.is_empty());
        let whole = told.label.is_some() && sure.0 == sure.1;
        assert_eq!(whole, told.failure.is_none(), "{told:?}");
        assert!(told.windows.is_empty(), "nobody asked for them");
        if let Some(known) = world.predictions.get(&told.row_no) {
            assert_eq!(known.label, told.label, "another pod says the same");
            world.again += 1;
            continue;
        }
        let next = world
            .items
            .iter()
            .find(|item| item.row_no > world.after)
            .unwrap();
        assert_eq!(
            next.row_no, told.row_no,
            "items come in order, without gaps"
        );
        world.after = told.row_no;
        world.predictions.insert(told.row_no, told);
    }
    if matches!(fault, Some(Fault::LoseAnswer)) {
        return problem(500);
    }
    let (predicted, failed) = counts(&world);
    Json(PredictionsTaken { predicted, failed }).into_response()
}

async fn model_found(State(fake): State<Fake>, Json(body): Json<ModelFound>) -> Response {
    let (_, answer) = fake.enter("found");
    let mut world = fake.world();
    match answer {
        Some(answer) => answer,
        None if body.epoch != world.epoch => problem(409),
        None => {
            world.found.push(body);
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

async fn complete(State(fake): State<Fake>, Json(body): Json<CompleteRun>) -> Response {
    let (_, answer) = fake.enter("complete");
    let mut world = fake.world();
    match answer {
        Some(answer) => answer,
        None if body.epoch != world.epoch => problem(409),
        None => {
            world.completed = true;
            world.completes.push(body);
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

async fn model_file(State(fake): State<Fake>) -> Response {
    let (_, answer) = fake.enter("model");
    let model = fake.world().model.clone();
    answer.unwrap_or_else(|| Bytes::from(model).into_response())
}

async fn file(State(fake): State<Fake>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (_, answer) = fake.enter("file");
    if let Some(answer) = answer {
        return answer;
    }
    let Some(bytes) = fake.world().files.get(&name).cloned() else {
        return problem(404);
    };
    let asked = headers.get("if-match").map(|etag| etag.to_str().unwrap());
    match asked == Some(etag_of(&bytes).as_str()) {
        true => Bytes::from(bytes).into_response(),
        false => problem(412),
    }
}
