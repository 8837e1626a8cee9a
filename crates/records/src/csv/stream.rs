//! Records of CSV, one after the other.

use std::borrow::Cow;

use datacrowd_protocol::source::Delimiter;

use super::{CsvRecords, State, header::Header};
use crate::{
    record::{BadInput, Position, Record},
    stream::RecordStream,
};

impl RecordStream for CsvRecords {
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        loop {
            if self.drain()? {
                return Ok(true);
            }
            if input.is_empty() {
                return Ok(false);
            }
            if self.read(input)? {
                return Ok(true);
            }
            if self.held.is_empty() {
                return Ok(false);
            }
            if self.state == State::Opening {
                return Ok(false);
            }
        }
    }

    fn skip(&mut self, bytes: u64) {
        self.at.offset += bytes;
        self.end.offset += bytes;
    }

    fn finish(&mut self) -> Result<bool, BadInput> {
        if self.state == State::Opening {
            self.settle();
        }
        if self.drain()? {
            return Ok(true);
        }
        match self.state {
            State::Opening | State::Between => Ok(false),
            State::AfterCr { line } => self.complete(line),
            State::Within { line } => {
                if let Some(opened) = self.cells.finish() {
                    return BadInput::content(format!(
                        "The quote that opens on line {opened} is never closed; close it, or write a quote inside a cell as \"\"."
                    ));
                }
                self.complete(line)
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
            blank_before: self.blank_before,
            payload,
        }
    }

    fn position(&self) -> Position {
        self.end
    }

    fn header(&self) -> Option<&[String]> {
        self.header.as_ref().map(Header::columns)
    }

    fn columns(&self) -> &[String] {
        &[]
    }

    fn delimiter(&self) -> Option<Delimiter> {
        self.delimiter
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn blank(&self) -> u64 {
        self.blank
    }

    fn is_begun(&self) -> bool {
        self.begun
    }
}
