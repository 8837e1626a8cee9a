//! Runs: opened, kept alive, fed and completed.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use datacrowd_protocol::{
    chunk::{ChunkHeader, ChunkLoaded, ChunkRow, RejectedRow, SHOWN_REJECTED_ROWS},
    export::ExportPage,
    ids::{DatasetId, ExportId},
    run::{CompleteRun, ExportOpened, GenerateOpened, OpenRun, PartRequest},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fake, Fault, World, problem, refuse_token};

/// A chunk whose head is there, whatever there is of its body.
pub async fn begun(State(fake): State<Fake>, request: Request, next: Next) -> Response {
    if !request.uri().path().ends_with("/tasks") {
        return next.run(request).await;
    }
    let (_, answer) = fake.enter("begun").await;
    match answer {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

pub async fn open(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Json(body): Json<OpenRun>,
) -> Response {
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

pub async fn heartbeat(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    let (_, answer) = fake.enter("heartbeat").await;
    answer.unwrap_or_else(|| fenced_or(&fake, &body, || StatusCode::NO_CONTENT.into_response()))
}

pub async fn source_url(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    let (_, answer) = fake.enter("source-url").await;
    let url = fake.world().url.clone();
    let fresh = || {
        Json(json!({ "sourceUrl": format!("{url}/bucket/key?signature=fresh") })).into_response()
    };
    answer.unwrap_or_else(|| fenced_or(&fake, &body, fresh))
}

pub async fn part_url(State(fake): State<Fake>, Json(body): Json<PartRequest>) -> Response {
    let (_, answer) = fake.enter("parts").await;
    let url = format!("{}/parts/{}", fake.world().url, body.part_number);
    let epoch = json!({ "epoch": body.epoch });
    answer.unwrap_or_else(|| {
        fenced_or(&fake, &epoch, || {
            Json(json!({ "url": url })).into_response()
        })
    })
}

pub async fn complete(State(fake): State<Fake>, Json(body): Json<CompleteRun>) -> Response {
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

pub async fn tasks(State(fake): State<Fake>, headers: HeaderMap, body: String) -> Response {
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

pub async fn answers(
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
