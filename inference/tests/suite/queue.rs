//! The queue of a model that is kept loaded, as far as a predictor relies on it: an item is lent to one lease, the same lease
//! gets the same item, and a report without a lease is fenced.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use datacrowd_protocol::model::{QueueLeased, QueueReport, QueueReturn, QueueTake};

use crate::fake::{Fake, Fault, World, problem, refuse_token};

/// Longest that the fake holds a question.
const LONGEST: Duration = Duration::from_millis(500);

pub fn routes() -> Router<Fake> {
    Router::new()
        .route("/internal/models/{id}/queue/open", post(open))
        .route("/internal/models/{id}/queue/lease", post(lease))
        .route("/internal/models/{id}/queue/report", post(report))
        .route("/internal/models/{id}/queue/return", post(give_back))
}

async fn open(State(fake): State<Fake>, headers: HeaderMap) -> Response {
    let (_, answer) = fake.enter("queue open");
    if let Some(answer) = answer.or_else(|| refuse_token(&headers)) {
        return answer;
    }
    Json(fake.world().model_opened()).into_response()
}

async fn lease(State(fake): State<Fake>, Json(take): Json<QueueTake>) -> Response {
    let (fault, answer) = fake.enter("lease");
    if let Some(answer) = answer {
        return answer;
    }
    let wait = LONGEST.min(Duration::from_secs(take.wait_seconds));
    let look = Duration::from_millis(10);
    for _ in 0..=wait.as_millis() / look.as_millis() {
        let item = due(&mut fake.world(), take);
        if item.is_some() {
            if matches!(fault, Some(Fault::LoseAnswer)) {
                return problem(500);
            }
            return Json(QueueLeased { item }).into_response();
        }
        tokio::time::sleep(look).await;
    }
    Json(QueueLeased { item: None }).into_response()
}

fn due(world: &mut World, take: QueueTake) -> Option<datacrowd_protocol::model::PredictItem> {
    let held = world.leases.get(&take.lease).copied();
    let item = world.items.iter().find(|item| match held {
        Some(row) => item.row_no == row,
        None => {
            !world.predictions.contains_key(&item.row_no)
                && !world.leases.values().any(|row| *row == item.row_no)
        }
    });
    let mut item = item.cloned()?;
    item.windows = world.output.most_windows();
    world.leases.insert(take.lease, item.row_no);
    Some(item)
}

async fn report(State(fake): State<Fake>, Json(told): Json<QueueReport>) -> Response {
    let (_, answer) = fake.enter("report");
    if let Some(answer) = answer {
        return answer;
    }
    let mut world = fake.world();
    match world.leases.remove(&told.lease) {
        Some(row) => {
            assert_eq!(row, told.item.row_no);
            let known = world.predictions.insert(row, told.item);
            assert!(known.is_none(), "an item is told of once");
            StatusCode::NO_CONTENT.into_response()
        }
        None => problem(409),
    }
}

async fn give_back(State(fake): State<Fake>, Json(back): Json<QueueReturn>) -> Response {
    let (_, answer) = fake.enter("return");
    let mut world = fake.world();
    let row = world.leases.remove(&back.lease);
    world.returned.extend(row);
    answer.unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}
