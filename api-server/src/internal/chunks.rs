//! Chunks: NDJSON in, one transaction, the new checkpoint out.

use axum::{extract::State, http::HeaderMap};
use bytes::Bytes;
use datacrowd_labelling::Chunk;
use datacrowd_protocol::{
    chunk::{ChunkHeader, ChunkLoaded, ChunkRow, MAX_CHUNK_ROWS, MAX_RECORD_BYTES},
    ids::{DatasetId, RunId},
    names::{EPOCH_HEADER, RUN_ID_HEADER},
    range,
};
use uuid::Uuid;

use super::auth::Runner;
use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::{Path, from_json},
};

/// Bytes of all texts in a chunk's header, which the row of the dataset keeps and every list of datasets shows: a
/// source's header is one record, and what is noted about it is no longer.
const MAX_HEADER_BYTES: usize = 2 * MAX_RECORD_BYTES;

/// Load one chunk of rows.
#[utoipa::path(post, path = "/internal/datasets/{id}/tasks", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), ("x-run-id" = Uuid, Header), ("x-epoch" = i64, Header)), request_body(content = String, content_type = "application/x-ndjson"), responses((status = 200, body = ChunkLoaded)))]
pub async fn chunk_load(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<axum::Json<ChunkLoaded>> {
    let run: RunId = header(&headers, RUN_ID_HEADER)?;
    let epoch: i64 = header(&headers, EPOCH_HEADER)?;
    if !(0..=range::MOST).contains(&epoch) {
        return Err(ApiError::invalid_member(
            EPOCH_HEADER,
            "must be the epoch that the run was opened under",
        ));
    }
    let caller = runner.run(&app, run).await?;
    if caller.dataset != Some(DatasetId(id)) {
        return Err(ApiError::not_found());
    }
    let (header, rows) = tokio::task::spawn_blocking(move || parse(&body))
        .await
        .map_err(|e| ApiError::internal(&e))??;
    metrics::counter!("datacrowd_rows_received_total").increment(rows.len() as u64);
    Ok(axum::Json(
        app.core
            .chunk_load(
                DatasetId(id),
                Chunk {
                    run,
                    epoch,
                    header,
                    rows,
                },
                app.now(),
            )
            .await?,
    ))
}

fn header<T: std::str::FromStr>(headers: &HeaderMap, name: &'static str) -> ApiResult<T> {
    let value = headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse().ok());
    value.ok_or_else(|| ApiError::invalid_member(name, "is missing or cannot be read"))
}

fn parse(body: &[u8]) -> ApiResult<(ChunkHeader, Vec<ChunkRow>)> {
    let mut lines = body.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let header = lines.next().ok_or_else(|| {
        ApiError::invalid_member("body", "is empty; its first line is the chunk's header")
    })?;
    let header: ChunkHeader = from_json(header).map_err(|e| e.of_line(1))?;
    let names = header.header.iter().flatten().chain(&header.columns);
    let bytes: usize = names.chain(&header.notices).map(String::len).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(ApiError::invalid_member(
            "line 1",
            "must hold at most 2 MiB of names and notices",
        ));
    }
    let mut rows: Vec<ChunkRow> = Vec::new();
    for (i, line) in lines.enumerate() {
        let row: ChunkRow = from_json(line).map_err(|e| e.of_line(i + 2))?;
        if row.payload.is_some() == row.rejected.is_some() {
            return Err(ApiError::invalid_member(
                &format!("line {}", i + 2),
                "has either payload or rejected",
            ));
        }
        // Passed on as it was written: that it is an object is seen by its first character.
        if row
            .payload
            .as_ref()
            .is_some_and(|p| !p.get().starts_with('{'))
        {
            return Err(ApiError::invalid_member(
                &format!("line {}", i + 2),
                "has a payload that is not an object",
            ));
        }
        rows.push(row);
    }
    if rows.len() > MAX_CHUNK_ROWS {
        return Err(ApiError::invalid_member(
            "body",
            format!("has more than {MAX_CHUNK_ROWS} rows"),
        ));
    }
    if rows
        .windows(2)
        .any(|w| w[0].row_no.checked_add(1) != Some(w[1].row_no))
    {
        return Err(ApiError::invalid_member(
            "rowNo",
            "must rise by one from row to row",
        ));
    }
    Ok((header, rows))
}
