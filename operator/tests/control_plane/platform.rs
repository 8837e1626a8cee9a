//! The platform as the operator sees it: rows in memory behind the internal API's paths.

pub mod models;
pub mod webhooks;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{delete, patch, post, put},
};
use datacrowd_crds::{DatasetSpec, ExportSpec, PredictionSpec, ProjectSpec};
use datacrowd_protocol::{
    WireEnum as _,
    ids::{DatasetId, ExportId, ProjectId, RunId},
    internal::{
        Billing, BillingStatus, DatasetState, DatasetView, DeleteQuery, Departed, Departure,
        ExportState, ExportView, ProjectState, ProjectView, ReportFailure, RunView, TaskCounts,
        Upsert, WebhookState,
    },
    labeling::Purpose,
    names::INTERNAL_TOKEN_HEADER,
    problem::Problem,
    run::{BeginRun, RunBegun, RunOutcome, RunReason},
    source::{DeletionPolicy, SourceFormat},
};
use datacrowd_testkit::Contract;
use serde_json::Value;
use uuid::Uuid;

pub const TOKEN: &str = "test-token";

/// One dataset, export, model or prediction.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub uid: Uuid,
    pub runs: Vec<RunView>,
    pub ready: bool,
    pub tasks: i64,
    pub rejected: i64,
}

impl Row {
    fn has_failed(&self) -> bool {
        let last = self.runs.last();
        last.is_some_and(|run| run.outcome == Some(RunOutcome::Failed))
    }
}

#[derive(Debug, Default)]
pub struct Rows {
    pub quota: i64,
    /// Judgements that the tenant owes.
    pub debt: i64,
    pub project_refusal: Option<String>,
    pub project_ids: BTreeMap<String, Uuid>,
    pub datasets: BTreeMap<String, Row>,
    pub exports: BTreeMap<String, Row>,
    pub models: BTreeMap<String, Row>,
    pub predictions: BTreeMap<String, Row>,
    pub webhooks: BTreeMap<String, Row>,
    /// What is said of each of them.
    pub webhook_state: Option<WebhookState>,
    /// What the predictions are of.
    pub predicted: BTreeMap<String, PredictionSpec>,
    pub paused: bool,
    pub export_due: bool,
    /// Tasks of rows that were taken over wait for quota.
    pub unpaid: bool,
    /// Models that are kept loaded, as every inbox is told.
    pub warm_models: i64,
    /// The next Dataset has the name of an earlier one with another source.
    pub identity_changed: bool,
    /// Which tenant a resource was bound for.
    pub bindings: BTreeMap<Uuid, String>,
    /// Answers 503 to everything.
    pub down: bool,
    /// Every request.
    pub asked: Vec<String>,
    /// Every call that changes something, in order.
    pub calls: Vec<String>,
}

/// The fake, and where it listens.
#[derive(Clone)]
pub struct Fake {
    rows: Arc<Mutex<Rows>>,
    pub url: String,
    _contract: Contract,
}

type Shared = Arc<Mutex<Rows>>;

impl Fake {
    pub async fn start() -> Self {
        let rows: Shared = Arc::default();
        rows.lock().unwrap().export_due = true;
        let router = Router::new()
            .route("/internal/projects", put(project_put))
            .route("/internal/datasets", put(dataset_put))
            .route("/internal/exports", put(export_put))
            .route("/internal/models", put(models::model_put))
            .route("/internal/predictions", put(models::prediction_put))
            .route("/internal/webhooks", put(webhooks::webhook_put))
            .route("/internal/{kind}/{id}/runs", post(begin))
            .route("/internal/{kind}/{id}/status", patch(failed))
            .route("/internal/datasets/{id}/fence", post(fence))
            .route("/internal/departures", post(depart))
            .route("/internal/{kind}/{id}", delete(remove))
            .layer(axum::middleware::from_fn_with_state(rows.clone(), guard))
            .with_state(rows.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let contract = Contract::default();
        let router = contract.observe(router);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            rows,
            url,
            _contract: contract,
        }
    }

    pub fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    /// Something was paid.
    pub fn grant(&self, judgements: i64) {
        self.rows().quota += judgements;
    }

    /// The runner reported the end of a dataset's latest run.
    pub fn generated(&self, dataset: &str, tasks: i64) {
        let mut rows = self.rows();
        let row = rows.datasets.get_mut(dataset).unwrap();
        row.tasks = tasks;
        row.ready = true;
        row.runs.last_mut().unwrap().outcome = Some(RunOutcome::Succeeded);
    }

    /// The runner reported failure.
    pub fn failed(&self, dataset: &str, reason: RunReason, message: &str) {
        let mut rows = self.rows();
        let run = rows
            .datasets
            .get_mut(dataset)
            .unwrap()
            .runs
            .last_mut()
            .unwrap();
        run.outcome = Some(RunOutcome::Failed);
        run.reason = Some(reason);
        run.message = Some(message.into());
    }

    pub fn calls(&self) -> Vec<String> {
        self.rows().calls.clone()
    }
}

fn problem(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = Problem {
        kind: "about:blank".into(),
        title: status.to_string(),
        status: status.as_u16(),
        timestamp: "2026-01-01T00:00:00Z".into(),
        path: "/".into(),
        message: message.into(),
        code: code.into(),
        correlation_id: "test".into(),
        details: BTreeMap::new(),
    };
    (status, Json(body)).into_response()
}

async fn guard(
    State(rows): State<Shared>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if headers
        .get(INTERNAL_TOKEN_HEADER)
        .is_none_or(|t| t != TOKEN)
    {
        return problem(401, "internal_token_missing", "");
    }
    let asked = format!("{} {}", request.method(), request.uri().path());
    rows.lock().unwrap().asked.push(asked);
    if rows.lock().unwrap().down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}

fn billing(quota: i64) -> Billing {
    Billing {
        status: if quota > 0 {
            BillingStatus::Paid
        } else {
            BillingStatus::Unpaid
        },
        quota,
        used: 0,
        debt: 0,
    }
}

fn state(rows: &Rows) -> ProjectState {
    match rows.paused {
        true => ProjectState::Paused,
        false => ProjectState::Active,
    }
}

/// Binds a resource for a tenant; for another one it is refused.
fn refused<S>(rows: &mut Rows, up: &Upsert<S>) -> Option<Response> {
    let bound = rows.bindings.entry(up.uid).or_insert(up.tenant.clone());
    (*bound != up.tenant).then(|| problem(409, "namespace_not_bound", "Bound before."))
}

async fn depart(State(rows): State<Shared>, Json(body): Json<Departure>) -> Response {
    let mut rows = rows.lock().unwrap();
    let bound = rows.bindings.get(&body.uid);
    let departed = bound.is_some_and(|bound| Some(bound) != body.tenant.as_ref());
    if departed {
        let tenant = body.tenant.unwrap_or_default();
        rows.calls
            .push(format!("depart {} {tenant}", body.kind.camel()));
    }
    let unfinished = false;
    Json(Departed {
        departed,
        unfinished,
    })
    .into_response()
}

async fn project_put(State(rows): State<Shared>, Json(up): Json<Upsert<ProjectSpec>>) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    let id = *rows.project_ids.entry(up.name).or_insert_with(Uuid::now_v7);
    Json(ProjectView {
        quality: None,
        id: ProjectId(id),
        state: state(&rows),
        billing: billing(rows.quota),
        datasets: i64::try_from(rows.datasets.len()).unwrap(),
        tasks: TaskCounts::default(),
        labeling_version: 1,
        refusal: rows.project_refusal.clone(),
        adopted: false,
        unfinished: false,
    })
    .into_response()
}

fn bind(rows: &mut BTreeMap<String, Row>, name: &str, uid: Uuid) -> Row {
    let row = rows.entry(name.to_owned()).or_insert_with(|| Row {
        id: Uuid::now_v7(),
        uid,
        runs: Vec::new(),
        ready: false,
        tasks: 0,
        rejected: 0,
    });
    row.uid = uid;
    row.clone()
}

async fn dataset_put(State(rows): State<Shared>, Json(up): Json<Upsert<DatasetSpec>>) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    if !rows.project_ids.contains_key(&up.spec.project_ref.name) {
        return problem(
            404,
            "project_not_found",
            "There is no such Project; create it.",
        );
    }
    if rows.identity_changed {
        if up.delete_rows.is_none() {
            return problem(
                409,
                "identity_changed",
                "Another source; remove the old rows.",
            );
        }
        rows.calls
            .push(format!("discard {}", up.delete_rows.unwrap()));
        rows.identity_changed = false;
        return problem(409, "rows_going", "They are being removed.");
    }
    let row = bind(&mut rows.datasets, &up.name, up.uid);
    let failed = row.has_failed();
    // Of gold there are no tasks.
    let (tasks, gold_items) = match up.spec.purpose {
        Some(Purpose::Gold) => (0, row.tasks),
        _ => (row.tasks, 0),
    };
    Json(DatasetView {
        gold_items,
        id: DatasetId(row.id),
        state: match (row.ready, row.runs.is_empty(), failed) {
            (true, ..) => DatasetState::Ready,
            (_, true, _) => DatasetState::Uploaded,
            (_, _, true) => DatasetState::Failed,
            _ => DatasetState::Generating,
        },
        project_state: state(&rows),
        billing: billing(rows.quota),
        total_rows: row.ready.then_some(row.tasks),
        tasks_created: tasks,
        rows_rejected: row.rejected,
        rejected_rows: vec![],
        rows_blank: 0,
        dialect: None,
        notices: vec![],
        batches: 0,
        source: None,
        replaceable: row.tasks == 0,
        run: row.runs.last().cloned(),
        started_at: None,
        completed_at: None,
        adopted: false,
        unfinished: false,
        unpaid: rows.unpaid,
        warm_models: (up.spec.source.format == Some(SourceFormat::Inbox))
            .then_some(rows.warm_models),
    })
    .into_response()
}

async fn export_put(State(rows): State<Shared>, Json(up): Json<Upsert<ExportSpec>>) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    let due = rows.export_due;
    let row = bind(&mut rows.exports, &up.name, up.uid);
    let failed = row.has_failed();
    Json(ExportView {
        id: ExportId(row.id),
        state: match (row.ready, row.runs.is_empty(), failed) {
            (true, ..) => ExportState::Ready,
            (_, true, _) => ExportState::Pending,
            (_, _, true) => ExportState::Failed,
            _ => ExportState::Running,
        },
        due,
        waiting_for: (!due).then(|| "the completion of Dataset \"items\"".to_owned()),
        rows: row.ready.then_some(row.tasks),
        size_bytes: None,
        sha256: None,
        uri: None,
        watermark: None,
        expires_at: None,
        completed_at: None,
        run: row.runs.last().cloned(),
    })
    .into_response()
}

fn find<'a>(rows: &'a mut Rows, kind: &str, id: Uuid) -> Option<&'a mut Row> {
    let rows = match kind {
        "datasets" => &mut rows.datasets,
        "exports" => &mut rows.exports,
        "models" => &mut rows.models,
        _ => &mut rows.predictions,
    };
    rows.values_mut().find(|row| row.id == id)
}

async fn begin(
    State(rows): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Json(body): Json<BeginRun>,
) -> Response {
    let mut rows = rows.lock().unwrap();
    let (quota, paused, debt) = (rows.quota, rows.paused, rows.debt);
    let row = find(&mut rows, &kind, id).unwrap();
    if row.ready {
        return Json(RunBegun {
            run_id: None,
            completed: true,
        })
        .into_response();
    }
    if let Some(known) = row
        .runs
        .iter()
        .find(|r| r.attempt == body.attempt && r.uid == body.uid)
    {
        let begun = RunBegun {
            run_id: Some(known.id),
            completed: false,
        };
        return (StatusCode::CREATED, Json(begun)).into_response();
    }
    if paused {
        return problem(
            409,
            "project_not_active",
            "The project is PAUSED; resume it.",
        );
    }
    if quota <= 0 && kind == "datasets" {
        return problem(402, "payment_required", "Buy judgements.");
    }
    if debt > 0 {
        return problem(
            402,
            "debt_owed",
            &format!("The tenant owes {debt} judgements; buy them."),
        );
    }
    let run = RunView {
        id: RunId(Uuid::now_v7()),
        uid: body.uid,
        attempt: body.attempt,
        outcome: None,
        reason: None,
        message: None,
        progressed: false,
    };
    let begun = RunBegun {
        run_id: Some(run.id),
        completed: false,
    };
    row.runs.push(run);
    rows.calls.push(format!("begin {kind} {}", body.attempt));
    (StatusCode::CREATED, Json(begun)).into_response()
}

async fn failed(
    State(rows): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Json(body): Json<ReportFailure>,
) -> Response {
    let mut rows = rows.lock().unwrap();
    let row = find(&mut rows, &kind, id).unwrap();
    let run = row.runs.iter_mut().find(|r| r.attempt == body.attempt);
    let Some(run) = run else {
        return problem(404, "not_found", "");
    };
    if run.outcome.is_none() {
        run.outcome = Some(RunOutcome::Failed);
        run.reason = Some(body.reason);
        run.message = Some(body.message);
    }
    rows.calls
        .push(format!("failed {kind} {} {:?}", body.attempt, body.reason));
    StatusCode::NO_CONTENT.into_response()
}

async fn fence(State(rows): State<Shared>, Path(_): Path<Uuid>, Json(_): Json<Value>) -> Response {
    rows.lock().unwrap().calls.push("fence".into());
    StatusCode::NO_CONTENT.into_response()
}

async fn remove(
    State(rows): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Query(query): Query<DeleteQuery>,
) -> Response {
    let mut rows = rows.lock().unwrap();
    rows.calls.push(format!("delete {kind} {:?}", query.policy));
    rows.datasets.retain(|_, row| row.id != id);
    rows.exports.retain(|_, row| row.id != id);
    rows.models.retain(|_, row| row.id != id);
    rows.predictions.retain(|_, row| row.id != id);
    rows.webhooks.retain(|_, row| row.id != id);
    if query.policy == DeletionPolicy::Delete {
        rows.orphans_go();
    }
    rows.project_ids.retain(|_, known| *known != id);
    StatusCode::NO_CONTENT.into_response()
}
