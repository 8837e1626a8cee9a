//! JSONL: one object per line, passed on as it is.

use std::borrow::Cow;

use datacrowd_protocol::chunk::MAX_RECORD_BYTES;

use super::{BadInput, Position, Record, RecordStream, json, too_long};

/// Reads lines; blank ones are no records.
pub(super) struct JsonlRecords {
    required: Vec<String>,
    /// Bytes of the line so far, nothing once it is too long.
    line: Vec<u8>,
    /// Bytes of the line so far, also when they are not kept.
    seen: usize,
    /// Behind the bytes taken.
    at: Position,
    /// Behind the last complete record or blank line.
    begin: Position,
    /// Behind the last complete record.
    end: Position,
    record_line: u64,
    refusal: Option<Cow<'static, str>>,
}

impl JsonlRecords {
    /// Rows without one of the `required` columns are refused.
    pub(super) fn new(start: Position, required: &[String]) -> Self {
        Self {
            required: required.to_vec(),
            line: Vec::new(),
            seen: 0,
            at: start,
            begin: start,
            end: start,
            record_line: start.line,
            refusal: None,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.seen == 0 {
            self.line.clear();
        }
        self.seen += bytes.len();
        self.at.pass(bytes);
        if self.seen <= MAX_RECORD_BYTES {
            self.line.extend_from_slice(bytes);
        } else {
            self.line.clear();
        }
    }

    /// The line is whole: true when it is a record.
    fn complete(&mut self) -> bool {
        let too_long_to_keep = self.seen > MAX_RECORD_BYTES;
        let (begin, blank) = (self.begin, self.line.trim_ascii().is_empty());
        self.seen = 0;
        self.begin = self.at;
        if blank && !too_long_to_keep {
            return false;
        }
        self.record_line = begin.line;
        self.at.row += 1;
        self.begin = self.at;
        self.end = self.at;
        self.refusal = if too_long_to_keep {
            Some(too_long())
        } else {
            match std::str::from_utf8(&self.line) {
                Ok(text) => json::refusal(text.trim_ascii(), &self.required),
                Err(_) => Some(Cow::Borrowed("is not valid UTF-8")),
            }
        };
        true
    }
}

impl RecordStream for JsonlRecords {
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        while !input.is_empty() {
            let newline = input.iter().position(|byte| *byte == b'\n');
            let taken = newline.map_or(input.len(), |at| at + 1);
            self.keep(&input[..taken]);
            *input = &input[taken..];
            if newline.is_some() && self.complete() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn skip(&mut self, bytes: u64) {
        self.at.offset += bytes;
        self.begin.offset += bytes;
        self.end.offset += bytes;
    }

    fn finish(&mut self) -> Result<bool, BadInput> {
        Ok(self.seen > 0 && self.complete())
    }

    fn current(&self) -> Record<'_> {
        let payload = match &self.refusal {
            Some(reason) => Err(Cow::Borrowed(reason.as_ref())),
            None => Ok(std::str::from_utf8(self.line.trim_ascii()).expect("complete() checked it")),
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
        None
    }
}
