//! CSV: RFC 4180 with a header line. Values stay text.
//!
//! `csv-core` finds fields; this module finds where records begin and end, which that crate leaves to
//! readers that buffer whole records of any length.

mod fields;
mod header;

use std::borrow::Cow;

use csv_core::ReadRecordResult;
use datacrowd_protocol::chunk::MAX_RECORD_BYTES;

use super::{BadInput, Position, Record, RecordStream, too_long};
use fields::Fields;
use header::Header;

/// Where in the text the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records: line ends are blank lines.
    Between,
    /// In a record that began on this line at this offset.
    Within { line: u64, offset: u64 },
    /// Behind a record that ended with CR: a LF still belongs to it.
    AfterCr { line: u64, len: u64 },
}

/// Reads records; memory is bounded by [`MAX_RECORD_BYTES`].
pub(super) struct CsvRecords {
    core: csv_core::Reader,
    required: Vec<String>,
    header: Option<Header>,
    state: State,
    at: Position,
    end: Position,
    fields: Fields,
    record_line: u64,
    json: String,
    refusal: Option<Cow<'static, str>>,
}

impl CsvRecords {
    /// A reader at the file's start, or behind the header that is given.
    pub(super) fn new(
        start: Position,
        header: Option<Vec<String>>,
        required: &[String],
    ) -> Result<Self, BadInput> {
        let header = match (start.offset, header) {
            (0, _) => None,
            (_, Some(columns)) => Some(Header::parse(columns, required)?),
            (offset, None) => {
                return Err(BadInput(format!(
                    "The run stands at byte {offset} but has lost the file's header; create a new Dataset."
                )));
            }
        };
        let mut core = csv_core::Reader::new();
        // A fresh reader drops a byte order mark at its first byte, which is a record's when a run resumes.
        core.read_record(b"\n", &mut [0], &mut [0]);
        Ok(Self {
            core,
            required: required.to_vec(),
            header,
            state: State::Between,
            at: start,
            end: start,
            fields: Fields::default(),
            record_line: start.line,
            json: String::new(),
            refusal: None,
        })
    }

    fn take(&mut self, input: &mut &[u8], bytes: usize) {
        self.at.pass(&input[..bytes]);
        *input = &input[bytes..];
    }

    fn skip_line_ends(&mut self, input: &mut &[u8]) {
        let blank = input
            .iter()
            .position(|byte| !matches!(byte, b'\n' | b'\r'))
            .unwrap_or(input.len());
        self.take(input, blank);
        if !input.is_empty() {
            self.fields.clear();
            self.state = State::Within {
                line: self.at.line,
                offset: self.at.offset,
            };
        }
    }

    /// Reads on in the record that began at `offset`; true when it ended.
    fn read(&mut self, input: &mut &[u8], line: u64, offset: u64) -> bool {
        let len = usize::try_from(self.at.offset - offset).unwrap_or(usize::MAX);
        // Stop just behind the limit, so that the output never outgrows it.
        let window = match (MAX_RECORD_BYTES + 1).checked_sub(len) {
            Some(left) if left > 0 => left.min(input.len()),
            _ => input.len(),
        };
        let (result, taken) = self.fields.read(&mut self.core, &input[..window]);
        let ends_with_cr = taken > 0 && input[taken - 1] == b'\r';
        self.take(input, taken);
        let len = self.at.offset - offset;
        if result == ReadRecordResult::Record {
            self.state = State::AfterCr { line, len };
            return !ends_with_cr;
        }
        if len > MAX_RECORD_BYTES as u64 {
            self.fields.discard();
        }
        false
    }

    /// The record is whole: true when it is a row, false when it is the header.
    fn complete(&mut self, line: u64, len: u64) -> Result<bool, BadInput> {
        self.state = State::Between;
        let too_long_to_keep = len > MAX_RECORD_BYTES as u64;
        let Some(header) = &self.header else {
            self.header = Some(self.fields.header(too_long_to_keep, &self.required)?);
            self.end = self.at;
            return Ok(false);
        };
        self.refusal = if too_long_to_keep {
            Some(too_long())
        } else {
            self.fields.write_object(header, &mut self.json).err()
        };
        self.record_line = line;
        self.at.row += 1;
        self.end = self.at;
        Ok(true)
    }
}

impl RecordStream for CsvRecords {
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        while !input.is_empty() {
            match self.state {
                State::Between => self.skip_line_ends(input),
                State::Within { line, offset } => {
                    if !self.read(input, line, offset) {
                        continue;
                    }
                    let len = self.at.offset - offset;
                    if self.complete(line, len)? {
                        return Ok(true);
                    }
                }
                State::AfterCr { line, len } => {
                    let feed = usize::from(input[0] == b'\n');
                    self.take(input, feed);
                    if self.complete(line, len + feed as u64)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn skip(&mut self, bytes: u64) {
        self.at.offset += bytes;
        self.end.offset += bytes;
    }

    fn finish(&mut self) -> Result<bool, BadInput> {
        match self.state {
            State::Between => Ok(false),
            State::AfterCr { line, len } => self.complete(line, len),
            State::Within { line, offset } => {
                // Inside quotes a line end is text; everywhere else it ends the record.
                if self.fields.read(&mut self.core, b"\n").0 != ReadRecordResult::Record {
                    let opened = line + self.fields.lines_before_last();
                    return Err(BadInput(format!(
                        "The quote that opens on line {opened} is never closed; close it, or write a quote inside a cell as \"\"."
                    )));
                }
                self.complete(line, self.at.offset - offset)
            }
        }
    }

    fn current(&self) -> Record<'_> {
        let payload = match &self.refusal {
            Some(reason) => Err(Cow::Borrowed(reason.as_ref())),
            None => Ok(self.json.as_str()),
        };
        Record {
            row: self.end.row - 1,
            line: self.record_line,
            end: self.end,
            payload,
        }
    }

    fn position(&self) -> Position {
        self.end
    }

    fn header(&self) -> Option<&[String]> {
        self.header.as_ref().map(Header::columns)
    }
}
