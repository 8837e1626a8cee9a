//! The unit of loading: one transaction of rows, sent as NDJSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{raw::RawJson, source::Dialect};

/// Most rows in one chunk.
pub const MAX_CHUNK_ROWS: usize = 5_000;
/// Most bytes in one chunk's body before another row is added.
pub const MAX_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// A record longer than this, in bytes of UTF-8, is one rejected row.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;
/// Most characters of a rejection's reason that are kept.
pub const MAX_REASON_CHARS: usize = 200;
/// How many rejected rows are shown with line and reason.
pub const SHOWN_REJECTED_ROWS: usize = 10;

/// The first line of every chunk: what the checkpoint needs beside the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChunkHeader {
    /// The header's columns, for formats that have one.
    #[serde(default)]
    pub header: Option<Vec<String>>,
    /// Line of the source on which the record after this chunk begins, from 1.
    #[serde(deserialize_with = "crate::range::count")]
    pub next_line: i64,
    /// How the source is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// Columns in the order in which they appeared, for formats without a header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What the client should know though nothing was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// One line of a chunk: a row to load, or a row that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChunkRow {
    /// 1-based position of the record in the source, rejected ones included.
    #[serde(deserialize_with = "crate::range::ordinal")]
    pub row_no: i64,
    /// Byte offset just after the record: where a resumed run goes on.
    #[serde(deserialize_with = "crate::range::count")]
    pub end_offset: i64,
    /// The columns of an accepted row, as they were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<RawJson>,
    /// Why the row was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    /// 1-based line of the source on which the record begins.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::range::count_if_known"
    )]
    pub line: Option<i64>,
    /// Line at `end_offset`, where that is not the one after `line`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::range::count_if_known"
    )]
    pub end_line: Option<i64>,
    /// Rows of empty cells between the record before and this one.
    #[serde(
        default,
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::range::count"
    )]
    pub blank_before: i64,
    /// Key of the object that the row is, where the source is a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl ChunkRow {
    /// Line of the source at the row's end: a run that goes on there counts from it.
    #[must_use]
    pub fn next_line(&self) -> Option<i64> {
        self.end_line
            .or(self.line.map(|line| line.saturating_add(1)))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
pub(crate) fn is_zero(count: &i64) -> bool {
    *count == 0
}

/// A refused row as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedRow {
    /// 1-based line of the source.
    pub line: i64,
    /// Why it was refused.
    pub reason: String,
}

/// Where a run stands; stored with the rows it counts, in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// First byte not yet loaded.
    pub offset: i64,
    /// Number of the next record, from 1.
    pub next_row: i64,
    /// Line of the source on which the next record begins, from 1.
    #[serde(default)]
    pub next_line: i64,
    /// The header's columns, once read.
    #[serde(default)]
    pub header: Option<Vec<String>>,
    /// Ordinal of the batch being filled.
    #[serde(default)]
    pub batch_ordinal: i32,
    /// Rows refused so far.
    #[serde(default)]
    pub rejected: i64,
    /// The first refused rows.
    #[serde(default)]
    pub rejected_rows: Vec<RejectedRow>,
    /// Rows of empty cells so far; they are neither tasks nor refused.
    #[serde(default)]
    pub blank: i64,
    /// How the source is read, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// Columns in the order in which they appeared, for formats without a header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What the client should know though nothing was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Key of the last object that was loaded, where the source is a folder: a run goes on behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to a loaded chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChunkLoaded {
    /// Rows that became tasks.
    pub inserted: i64,
    /// Rows that were tasks already.
    pub skipped: i64,
    /// Where the run stands now.
    pub checkpoint: Checkpoint,
}
