//! Record streams: bytes go in, in pieces of any size; records come out with the offset behind them.
//!
//! Nothing here knows where bytes come from or where records go. Memory is bounded by one record of
//! [`MAX_RECORD_BYTES`], however long a line is, and a stream that begins at any record's end offset
//! goes on as if it had never been broken.

mod csv;
mod json;
mod jsonl;
mod lead;

use std::borrow::Cow;

use datacrowd_protocol::{chunk::MAX_RECORD_BYTES, source::SourceFormat};

use csv::CsvRecords;
use jsonl::JsonlRecords;
use lead::Lead;

/// The file is not what its format says. The text tells the client what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);

/// A place in the source, between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub offset: u64,
    /// Number of the record that follows, from 1.
    pub row: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
}

impl Position {
    /// The first byte of a source.
    pub const START: Self = Self {
        offset: 0,
        row: 1,
        line: 1,
    };

    /// Moves over bytes and the line ends among them.
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += count_lines(bytes);
    }
}

/// Number of line feeds.
fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A record: a JSON object, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number of the record, from 1, refused ones included.
    pub row: u64,
    /// Line on which it begins.
    pub line: u64,
    /// Where the next record may begin.
    pub end: Position,
    /// The row as one JSON object on one line, or the reason for refusing it.
    pub payload: Result<&'a str, Cow<'a, str>>,
}

/// What both formats do.
trait RecordStream {
    /// Takes bytes off `input` until a record is complete (true) or `input` is used up (false).
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput>;
    /// Counts bytes that belong to no record and hold no line end.
    fn skip(&mut self, bytes: u64);
    /// The source has ended; true when that completed a record.
    fn finish(&mut self) -> Result<bool, BadInput>;
    /// The record that `step` or `finish` completed.
    fn current(&self) -> Record<'_>;
    /// Behind the last complete record.
    fn position(&self) -> Position;
    /// The columns, for a format that names them once.
    fn header(&self) -> Option<&[String]>;
}

/// Reads records of one source in one format.
pub struct Records {
    lead: Lead,
    began_at: u64,
    stream: Box<dyn RecordStream + Send>,
}

impl Records {
    /// A reader that begins at `start`. A CSV reader that begins later than offset 0 needs the header that
    /// was read before.
    ///
    /// # Errors
    /// A CSV header that is missing though the start lies behind it.
    pub fn new(
        format: SourceFormat,
        start: Position,
        header: Option<Vec<String>>,
        required: &[String],
    ) -> Result<Self, BadInput> {
        let stream: Box<dyn RecordStream + Send> = match format {
            SourceFormat::Csv => Box::new(CsvRecords::new(start, header, required)?),
            SourceFormat::Jsonl => Box::new(JsonlRecords::new(start, required)),
        };
        Ok(Self {
            lead: Lead::new(start.offset),
            began_at: start.offset,
            stream,
        })
    }

    /// The next record. `None` means: `input` is used up, come again with more, or call
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    /// The file is not of this format.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Record<'_>>, BadInput> {
        if !self.lead.fill(input)? {
            return Ok(None);
        }
        let complete = self.step_lead()? || (!input.is_empty() && self.stream.step(input)?);
        Ok(complete.then(|| self.stream.current()))
    }

    /// To be called until it returns `None` when the source has ended.
    ///
    /// # Errors
    /// The file is not of this format, or it is empty.
    pub fn finish(&mut self) -> Result<Option<Record<'_>>, BadInput> {
        self.lead.finish()?;
        let complete = self.step_lead()? || self.stream.finish()?;
        if !complete && self.began_at == 0 && self.is_without_content() {
            return Err(BadInput(
                "The file is empty; upload a file with at least one row.".to_owned(),
            ));
        }
        Ok(complete.then(|| self.stream.current()))
    }

    /// Behind the last record that was returned.
    #[must_use]
    pub fn position(&self) -> Position {
        self.stream.position()
    }

    /// The CSV header, once read.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.stream.header()
    }

    fn step_lead(&mut self) -> Result<bool, BadInput> {
        self.stream.skip(self.lead.take_mark());
        self.lead.drain(|held| self.stream.step(held))
    }

    fn is_without_content(&self) -> bool {
        self.stream.header().is_none() && self.stream.position().row == 1
    }
}

/// Why a record of more than [`MAX_RECORD_BYTES`] is refused.
fn too_long() -> Cow<'static, str> {
    Cow::Owned(format!(
        "is longer than {} MiB",
        MAX_RECORD_BYTES / (1024 * 1024)
    ))
}

#[cfg(test)]
mod tests;
