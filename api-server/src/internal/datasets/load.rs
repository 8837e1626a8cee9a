//! `POST /internal/datasets/{id}/tasks`, a chunk: NDJSON in, one transaction, the new checkpoint out.

use std::borrow::Cow;

use axum::{body::Body, extract::State, http::HeaderMap};
use datacrowd_labelling::Chunk;
use datacrowd_protocol::{
    chunk::{ChunkHeader, ChunkLoaded, ChunkRow, MAX_CHUNK_ROWS, MAX_RECORD_BYTES},
    ids::{DatasetId, RunId},
    names::{EPOCH_HEADER, RUN_ID_HEADER},
    range,
};
use datacrowd_records::json;
use futures::StreamExt as _;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    extract::{HAS_NUL, Path, from_json},
    internal::auth::Runner,
    metrics::server,
    state::App,
};

/// Bytes of all texts in a chunk's header, which the row of the dataset keeps and every list of datasets shows: a
/// source's header is one record, and what is noted about it is no longer.
const MAX_HEADER_BYTES: usize = 2 * MAX_RECORD_BYTES;
/// Bytes of a body: a chunk's 4 MiB, a last record of at most 1 MiB, and what JSON escaping can add to both.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Bytes that are parsed before another request has its turn.
const TURN_BYTES: usize = 64 * 1024;

/// Load one chunk of rows.
#[utoipa::path(post, path = "/internal/datasets/{id}/tasks", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path), ("x-run-id" = Uuid, Header), ("x-epoch" = i64, Header)), request_body(content = String, content_type = "application/x-ndjson"), responses((status = 200, body = ChunkLoaded)))]
pub async fn chunk_load(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
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
    let (header, rows) = receive(body).await?;
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

/// Parses what has arrived while the rest is on its way: a runner sends a chunk while the one before is loaded, all but
/// its end.
async fn receive(body: Body) -> ApiResult<(ChunkHeader, Vec<ChunkRow>)> {
    let mut pieces = body.into_data_stream();
    let mut chunk = Received::default();
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            ApiError::saying(
                Code::BadRequest,
                "The chunk did not arrive whole; send it again.",
            )
        })?;
        bytes += piece.len();
        if bytes > MAX_BODY_BYTES {
            return Err(ApiError::new(Code::PayloadTooLarge));
        }
        for turn in piece.chunks(TURN_BYTES) {
            chunk.push(turn)?;
            tokio::task::yield_now().await;
        }
    }
    chunk.end()
}

/// What has arrived of a chunk.
#[derive(Default)]
struct Received {
    /// Of a line whose end is not there yet.
    begun: Vec<u8>,
    header: Option<ChunkHeader>,
    rows: Vec<ChunkRow>,
}

impl Received {
    fn push(&mut self, mut piece: &[u8]) -> ApiResult<()> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&piece[..end], &piece[end + 1..]);
            if self.begun.is_empty() {
                self.line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(line);
                self.line(&whole)?;
            }
            piece = rest;
        }
        self.begun.extend_from_slice(piece);
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> ApiResult<()> {
        if line.is_empty() {
            return Ok(());
        }
        if self.header.is_none() {
            self.header = Some(parse_header(line)?);
            return Ok(());
        }
        if self.rows.len() == MAX_CHUNK_ROWS {
            return Err(ApiError::invalid_member(
                "body",
                format!("has more than {MAX_CHUNK_ROWS} rows"),
            ));
        }
        // Of those that are not empty: behind the header and the rows before.
        let number = self.rows.len() + 2;
        let row: ChunkRow = from_json(line).map_err(|e| e.of_line(number))?;
        check_row(&row, self.rows.last()).map_err(|why| in_line(number, why))?;
        self.rows.push(row);
        Ok(())
    }

    fn end(mut self) -> ApiResult<(ChunkHeader, Vec<ChunkRow>)> {
        let last = std::mem::take(&mut self.begun);
        self.line(&last)?;
        let header = self.header.ok_or_else(|| {
            ApiError::invalid_member("body", "is empty; its first line is the chunk's header")
        })?;
        if self
            .rows
            .windows(2)
            .any(|w| w[0].row_no.checked_add(1) != Some(w[1].row_no))
        {
            return Err(ApiError::invalid_member(
                "rowNo",
                "must rise by one from row to row",
            ));
        }
        Ok((header, self.rows))
    }
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
    use axum::body::Body;
    use bytes::Bytes;
    use futures::stream;

    use super::*;

    /// What comes of a body that arrives in pieces of so many bytes, and breaks off behind them or not.
    fn received(body: &str, piece: usize, breaks: bool) -> ApiResult<(ChunkHeader, Vec<ChunkRow>)> {
        let mut pieces: Vec<_> = body
            .as_bytes()
            .chunks(piece)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        if breaks {
            pieces.push(Err(axum::Error::new("broken")));
        }
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(receive(Body::from_stream(stream::iter(pieces))))
    }

    fn refusal(header: &str, rows: &[&str]) -> Option<String> {
        let body = format!("{header}\n{}", rows.join("\n"));
        let refused = received(&body, 7, false).err()?;
        assert_eq!(refused.status().as_u16(), 422, "{body}");
        Some(format!("{refused:?}"))
    }

    const HEADER: &str = r#"{"nextLine":3}"#;
    const ROW: &str = r#"{"rowNo":1,"endOffset":10,"payload":{"id":"\ud83d\ude00"}}"#;

    #[test]
    fn a_chunk_is_the_same_in_pieces_of_any_size() {
        let whole = format!(
            "{HEADER}\n{ROW}\n\n{}\n",
            ROW.replace("\"rowNo\":1", "\"rowNo\":2")
        );
        let at_once = received(&whole, whole.len(), false).unwrap();
        assert_eq!(at_once.1.len(), 2);
        for bytes in 1..whole.len() {
            assert_eq!(received(&whole, bytes, false).unwrap(), at_once, "{bytes}");
        }
    }

    #[test]
    fn a_chunk_whose_end_does_not_arrive_is_none() {
        let refused = received(&format!("{HEADER}\n{ROW}\n"), 7, true).unwrap_err();
        assert_eq!(refused.status().as_u16(), 400);
    }

    #[test]
    fn what_the_database_cannot_hold_is_refused_by_line() {
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
