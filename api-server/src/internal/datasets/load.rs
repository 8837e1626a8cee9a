//! `POST /internal/datasets/{id}/tasks`, a chunk: NDJSON in, one transaction, the new checkpoint out.

use std::borrow::Cow;

use axum::{extract::State, http::HeaderMap};
use bytes::Bytes;
use datacrowd_labelling::Chunk;
use datacrowd_protocol::{
    chunk::{ChunkHeader, ChunkLoaded, ChunkRow, MAX_CHUNK_ROWS, MAX_RECORD_BYTES},
    ids::{DatasetId, RunId},
    names::{EPOCH_HEADER, RUN_ID_HEADER},
    range,
};
use datacrowd_records::json;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{HAS_NUL, Path, from_json},
    internal::auth::Runner,
    metrics::server,
    state::App,
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
    if caller.dataset() != Some(DatasetId(id)) {
        return Err(ApiError::not_found());
    }
    let (header, rows) = tokio::task::spawn_blocking(move || parse(&body))
        .await
        .map_err(|e| ApiError::internal(&e))??;
    server::ROWS_RECEIVED.only().increment(rows.len() as u64);
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
    let header = parse_header(header)?;
    let mut rows: Vec<ChunkRow> = Vec::new();
    for (number, line) in (2..).zip(lines) {
        let row: ChunkRow = from_json(line).map_err(|e| e.of_line(number))?;
        check_row(&row, rows.last()).map_err(|why| in_line(number, why))?;
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

fn parse_header(line: &[u8]) -> ApiResult<ChunkHeader> {
    let header: ChunkHeader = from_json(line).map_err(|e| e.of_line(1))?;
    let names = header.header.iter().flatten().chain(&header.columns);
    let mut bytes = 0;
    for text in names.chain(&header.notices) {
        bytes += text.len();
        if text.contains('\0') {
            return Err(in_line(1, HAS_NUL));
        }
    }
    if bytes > MAX_HEADER_BYTES {
        return Err(in_line(1, "must hold at most 2 MiB of names and notices"));
    }
    Ok(header)
}

/// What would not be kept as it is, or not at all. A payload is passed on as it was written, so it is held to what the
/// runner holds it to: no half characters, no numbers beyond what the database has, no member twice.
fn check_row(row: &ChunkRow, before: Option<&ChunkRow>) -> Result<(), Cow<'static, str>> {
    match (&row.payload, &row.rejected) {
        (Some(payload), None) => json::object(payload.get(), |_, _| ())
            .map_err(|problem| format!("has a payload that {}", problem.sentence()))?,
        (None, Some(reason)) if reason.contains('\0') => return Err(HAS_NUL.into()),
        (None, Some(_)) => {}
        _ => return Err("has either payload or rejected".into()),
    }
    if before.is_some_and(|before| row.end_offset < before.end_offset) {
        return Err("ends before the row above it: endOffset must not fall".into());
    }
    Ok(())
}

fn in_line(number: usize, why: impl Into<String>) -> ApiError {
    ApiError::invalid_member(&format!("line {number}"), why)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn refusal(header: &str, rows: &[&str]) -> Option<String> {
        let body = format!("{header}\n{}", rows.join("\n"));
        let refused = parse(body.as_bytes()).err()?;
        assert_eq!(refused.status().as_u16(), 422, "{body}");
        Some(format!("{refused:?}"))
    }

    #[test]
    fn what_the_database_cannot_hold_is_refused_by_line() {
        const HEADER: &str = r#"{"nextLine":3}"#;
        const ROW: &str = r#"{"rowNo":1,"endOffset":10,"payload":{"id":"\ud83d\ude00"}}"#;
        assert_eq!(refusal(HEADER, &[ROW]), None);
        let long = format!(r#"{{"id":{}}}"#, "9".repeat(150_000));
        for payload in [
            r#"{"id":"\u0000"}"#,
            r#"{"\u0000":1}"#,
            r#"{"id":"\ud800"}"#,
            r#"{"id":[{"x":"\udc00"}]}"#,
            r#"{"id":1e999999}"#,
            r#"{"id":1e-999999}"#,
            r#"{"id":1,"id":2}"#,
            r#"[{"id":1}]"#,
            long.as_str(),
        ] {
            let row = format!(r#"{{"rowNo":2,"endOffset":20,"payload":{payload}}}"#);
            let why = refusal(HEADER, &[ROW, &row]).unwrap();
            assert!(why.contains("line 3"), "{payload:.40}: {why:.200}");
        }
        let reason = r#"{"rowNo":2,"endOffset":20,"rejected":"a\u0000"}"#;
        assert!(refusal(HEADER, &[ROW, reason]).unwrap().contains("line 3"));
        for member in ["header", "columns", "notices"] {
            let header = format!(r#"{{"nextLine":3,"{member}":["a\u0000"]}}"#);
            let why = refusal(&header, &[ROW]).unwrap();
            assert!(why.contains("line 1"), "{why}");
        }
    }

    #[test]
    fn offsets_do_not_fall() {
        let row = |number: u8, offset: u8| {
            format!(r#"{{"rowNo":{number},"endOffset":{offset},"rejected":"is empty"}}"#)
        };
        let rows = |offsets: [u8; 2]| [row(1, offsets[0]), row(2, offsets[1])];
        for (offsets, fine) in [([10, 20], true), ([10, 10], true), ([10, 9], false)] {
            let [one, two] = rows(offsets);
            let refused = refusal(r#"{"nextLine":3}"#, &[&one, &two]);
            assert_eq!(refused.is_none(), fine, "{refused:?}");
        }
    }
}
