//! Cuts a stream of records into chunks: bodies of NDJSON, each one transaction of the platform.

use std::io::Write as _;

use bytes::{Buf as _, Bytes};
use datacrowd_job::halt::{Counts, Halt};
use datacrowd_protocol::{
    chunk::{ChunkHeader, MAX_CHUNK_BYTES, MAX_CHUNK_ROWS, MAX_REASON_CHARS, RejectedRow},
    run::RunReason,
};
use datacrowd_records::{Position, Record, Records};

use crate::unpack::{Text, unreadable};

/// Rows that go to the platform together.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// NDJSON: a [`ChunkHeader`], then rows.
    pub body: Bytes,
    /// Behind its last row.
    pub end: Position,
}

/// Refused rows: how many there may be, how many there were.
#[derive(Debug, Clone)]
pub struct Refusals {
    /// Whether rows are files of a folder, which are known by their names, or lines of a file.
    pub of_files: bool,
    /// Tolerated.
    pub most: i64,
    /// So far.
    pub count: i64,
    /// The first one, for the message.
    pub first: Option<RejectedRow>,
    /// Rows of empty cells before this stream began.
    pub blank: i64,
}

impl Refusals {
    fn add(&mut self, line: i64, reason: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| RejectedRow {
            line,
            reason: reason.to_owned(),
        });
    }

    pub(crate) fn first_reason(&self) -> String {
        self.first
            .as_ref()
            .map_or_else(String::new, |row| match self.of_files {
                true => format!("; the first: {}", row.reason),
                false => format!("; the first: line {} {}", row.line, row.reason),
            })
    }

    pub(crate) fn too_many(&self) -> Option<Halt> {
        if self.count <= self.most {
            return None;
        }
        let first = self.first_reason();
        let (rows, corrected) = match self.of_files {
            true => ("files", "a corrected folder"),
            false => ("rows", "a corrected file"),
        };
        Some(Halt::failed(
            RunReason::TooManyInvalidRows,
            format!(
                "{} {rows} were refused, more than maxInvalidRows ({}) allows{first}. Raise maxInvalidRows, or create a new Dataset from {corrected}.",
                self.count, self.most
            ),
        ))
    }
}

/// Reads pieces of the source and writes chunks. Blocks: it belongs on a thread of its own.
pub struct Cutter {
    records: Records,
    text: Text,
    piece: Bytes,
    ended: bool,
    refusals: Refusals,
}

impl Cutter {
    /// A cutter of what `records` makes of `text`.
    #[must_use]
    pub fn new(records: Records, text: Text, refusals: Refusals) -> Self {
        Self {
            records,
            text,
            piece: Bytes::new(),
            ended: false,
            refusals,
        }
    }

    /// Records read and refused, those before a resumed run's begin included.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            rows: signed(self.records.position().row) - 1,
            rejected: self.refusals.count,
            blank: self.refusals.blank + signed(self.records.blank()),
        }
    }

    /// The next chunk, or `None` at the end of the source.
    ///
    /// A chunk that holds one refused row too many is still given out, so that the platform can show the
    /// rows; the failure comes with the next call. Bad input comes at once, so that a small file leaves
    /// nothing behind and may be corrected in place.
    ///
    /// # Errors
    /// The source broke off, is not of its format, or has too many refused rows.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, Halt> {
        if let Some(halt) = self.refusals.too_many() {
            return Err(halt);
        }
        let mut body = Vec::with_capacity(MAX_CHUNK_BYTES / 4);
        let mut rows = 0;
        while rows < MAX_CHUNK_ROWS && body.len() < MAX_CHUNK_BYTES && self.add_row(&mut body)? {
            rows += 1;
            if self.refusals.too_many().is_some() {
                break;
            }
        }
        if rows == 0 {
            return self.nothing_left();
        }
        let end = self.records.position();
        let mut whole = json(&ChunkHeader {
            header: self.records.header().map(<[String]>::to_vec),
            next_line: signed(end.line),
            dialect: Some(self.records.dialect()),
            columns: self.records.columns().to_vec(),
            notices: self.records.notices().to_vec(),
        });
        whole.push(b'\n');
        whole.append(&mut body);
        Ok(Some(Chunk {
            body: whole.into(),
            end,
        }))
    }

    /// The source has ended. A file that gave no task at all was misunderstood, whatever it may refuse.
    fn nothing_left(&self) -> Result<Option<Chunk>, Halt> {
        let counts = self.counts();
        if counts.rows > counts.rejected {
            return Ok(None);
        }
        let message = match counts.rejected {
            0 => "The file has a header and no row; add rows below it.".to_owned(),
            refused => format!(
                "No row could be used, {refused} of {refused} were refused{}. Correct the file, or say in a new Dataset how it is written.",
                self.refusals.first_reason()
            ),
        };
        Err(Halt::failed(RunReason::BadInput, message))
    }

    /// Appends one row; false at the end of the source.
    fn add_row(&mut self, body: &mut Vec<u8>) -> Result<bool, Halt> {
        loop {
            let record = if self.ended {
                self.records.finish().map_err(unreadable)?
            } else {
                let mut rest = &self.piece[..];
                let record = self.records.next(&mut rest).map_err(unreadable)?;
                let taken = self.piece.len() - rest.len();
                self.piece.advance(taken);
                record
            };
            if let Some(record) = record {
                write_row(&record, None, body, &mut self.refusals);
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            match self.text.read()? {
                Some(piece) => self.piece = piece,
                None => self.ended = true,
            }
        }
    }
}

/// One line as [`ChunkRow`](datacrowd_protocol::chunk::ChunkRow) reads it; the payload is JSON already and
/// is copied, not parsed. `key` is that of the file that the row is, in a folder.
pub(crate) fn write_row(
    record: &Record<'_>,
    key: Option<&str>,
    body: &mut Vec<u8>,
    refusals: &mut Refusals,
) {
    let Record {
        row,
        line,
        end,
        blank_before,
        payload,
    } = record;
    write!(
        body,
        "{{\"rowNo\":{row},\"endOffset\":{},\"line\":{line},",
        end.offset
    )
    .expect("a Vec takes every byte");
    if end.line != line + 1 {
        write!(body, "\"endLine\":{},", end.line).expect("a Vec takes every byte");
    }
    if let Some(key) = key {
        body.extend_from_slice(b"\"key\":");
        body.append(&mut json(&key));
        body.push(b',');
    }
    if *blank_before > 0 {
        write!(body, "\"blankBefore\":{blank_before},").expect("a Vec takes every byte");
    }
    match payload {
        Ok(object) => {
            body.extend_from_slice(b"\"payload\":");
            body.extend_from_slice(object.as_bytes());
        }
        Err(reason) => {
            let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
            refusals.add(signed(*line), &reason);
            body.extend_from_slice(b"\"rejected\":");
            body.append(&mut json(&reason));
        }
    }
    body.extend_from_slice(b"}\n");
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers always serialise")
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
