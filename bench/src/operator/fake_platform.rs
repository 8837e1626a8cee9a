//! The internal API with rows in memory: what is measured is the operator and the cluster, not our database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{any, delete, post, put},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Ids and runs, by the uid of the resource and the id that it was given.
#[derive(Debug, Default)]
struct Rows {
    ids: HashMap<String, Uuid>,
    runs: HashMap<Uuid, Value>,
}

type Shared = Arc<Mutex<Rows>>;

/// Serves until the process ends; returns its URL.
pub async fn serve() -> Result<String> {
    let router = Router::new()
        .route("/internal/projects", put(project))
        .route("/internal/datasets", put(dataset))
        .route("/internal/{kind}/{id}/runs", post(begin))
        .route("/internal/{kind}/{id}/fence", any(no_content))
        .route("/internal/{kind}/{id}/status", any(no_content))
        .route("/internal/{kind}/{id}", delete(no_content))
        .route("/internal/departures", post(stays))
        .with_state(Shared::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// The id of a resource, the same for each upsert.
fn id_of(rows: &mut Rows, upsert: &Value) -> Uuid {
    let uid = upsert["uid"].as_str().unwrap_or_default().to_owned();
    *rows.ids.entry(uid).or_insert_with(Uuid::now_v7)
}

fn billing() -> Value {
    json!({"status": "Paid", "quota": 1_000_000, "used": 0, "debt": 0})
}

async fn project(State(rows): State<Shared>, Json(upsert): Json<Value>) -> Json<Value> {
    let mut rows = rows.lock().expect("nothing panics while it is held");
    let datasets = rows.ids.len();
    Json(json!({
        "id": id_of(&mut rows, &upsert), "state": "Active", "billing": billing(), "datasets": datasets,
        "tasks": {"total": 0, "approved": 0, "rejected": 0, "starved": 0},
        "labelingVersion": 1, "unfinished": false,
    }))
}

async fn dataset(State(rows): State<Shared>, Json(upsert): Json<Value>) -> Json<Value> {
    let mut rows = rows.lock().expect("nothing panics while it is held");
    let id = id_of(&mut rows, &upsert);
    let run = rows.runs.get(&id).cloned();
    let state = match run {
        Some(_) => "Generating",
        None => "Uploaded",
    };
    Json(json!({
        "id": id, "state": state, "projectState": "Active", "billing": billing(), "tasksCreated": 0,
        "rowsRejected": 0, "batches": 0, "unfinished": false, "run": run,
    }))
}

async fn begin(
    State(rows): State<Shared>,
    Path((_, id)): Path<(String, Uuid)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let mut rows = rows.lock().expect("nothing panics while it is held");
    let run = rows.runs.entry(id).or_insert_with(
        || json!({"id": Uuid::now_v7(), "uid": body["uid"], "attempt": body["attempt"], "progressed": false}),
    );
    let begun = json!({"runId": run["id"], "completed": false});
    (StatusCode::CREATED, Json(begun))
}

async fn stays() -> Json<Value> {
    Json(json!({"departed": false, "unfinished": false}))
}

async fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}
