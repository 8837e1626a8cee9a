//! CSV: RFC 4180 with a header line, strict about quotes. Values stay text.

mod cells;
mod header;
mod stream;

use std::borrow::Cow;

use datacrowd_protocol::{chunk::MAX_RECORD_BYTES, source::Delimiter};

use crate::{
    decode::Measure,
    record::{BadInput, Position, too_long},
    sniff,
    stream::{Begin, Options},
};
use cells::Cells;
pub(crate) use header::nothing_in;
use header::{Header, Wanted};

/// Bytes that are held back at most until they tell the delimiter.
const HELD_BYTES: usize = 64 * 1024;

/// What is known of the delimiter when a stream begins.
#[derive(Clone, Copy)]
pub(crate) enum Preamble {
    /// All of it.
    Known(Delimiter),
    /// What was asked for; the first lines have a word in it.
    Open(Delimiter),
}

/// Where in the text the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first lines are held back until they tell the delimiter.
    Opening,
    /// Between records: line ends are blank lines.
    Between,
    /// In a record that began on this line.
    Within { line: u64 },
    /// Behind a record that ended with CR: a LF still belongs to it.
    AfterCr { line: u64 },
}

/// Reads records; memory is bounded by [`MAX_RECORD_BYTES`].
pub(crate) struct CsvRecords {
    measure: Measure,
    asked: Delimiter,
    delimiter: Option<Delimiter>,
    wanted: Wanted,
    multiline: bool,
    header: Option<Header>,
    notices: Vec<String>,
    state: State,
    held: Vec<u8>,
    /// How much of it was read.
    drained: usize,
    cells: Cells,
    begun: bool,
    /// Behind the bytes taken; its line is kept by `cells`.
    at: Position,
    /// Behind the last complete record.
    end: Position,
    blank: u64,
    blank_before: u64,
    blank_pending: u64,
    record_line: u64,
    json: String,
    refusal: Option<Cow<'static, str>>,
}

impl CsvRecords {
    /// A reader at the file's start, or behind the header that is given.
    pub(crate) fn new(
        options: &Options,
        measure: Measure,
        preamble: Preamble,
        begin: Begin,
    ) -> Result<Self, BadInput> {
        let at = begin.at;
        let wanted = Wanted {
            required: options.required.clone(),
            main: options.main.clone(),
        };
        let header = match (at.offset, begin.header) {
            (0, _) => None,
            (_, Some(columns)) => Some(Header::known(columns, &wanted)),
            (offset, None) => {
                return BadInput::content(format!(
                    "The run stands at byte {offset} but has lost the file's header; create a new Dataset."
                ));
            }
        };
        let (asked, delimiter, state) = match preamble {
            Preamble::Known(delimiter) => (delimiter, Some(delimiter), State::Between),
            Preamble::Open(asked) => (asked, None, State::Opening),
        };
        Ok(Self {
            measure,
            asked,
            delimiter,
            wanted,
            multiline: options.multiline,
            header,
            notices: Vec::new(),
            state,
            held: Vec::new(),
            drained: 0,
            cells: Cells::new(sniff::byte(asked), at.line),
            begun: false,
            at,
            end: at,
            blank: 0,
            blank_before: 0,
            blank_pending: 0,
            record_line: at.line,
            json: String::new(),
            refusal: None,
        })
    }

    fn take(&mut self, input: &mut &[u8], bytes: usize) {
        self.at.offset += self.measure.source_len(&input[..bytes]);
        *input = &input[bytes..];
    }

    /// Holds bytes back until the first line, and for Auto the header, is whole; then settles the
    /// delimiter. What was held is read by `drain`.
    fn open(&mut self, input: &mut &[u8]) {
        let room = HELD_BYTES.saturating_sub(self.held.len());
        let taken = input.len().min(room);
        self.held.extend_from_slice(&input[..taken]);
        *input = &input[taken..];
        if self.held.len() >= HELD_BYTES || self.opening_is_whole() {
            self.settle();
        }
    }

    fn opening_is_whole(&self) -> bool {
        let text = trim_line_ends(&self.held);
        // The line end of `sep=` is taken with it, so both its bytes must be there.
        let line = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(line) = line.filter(|at| at + 1 < text.len() || text[*at] == b'\n') else {
            return false;
        };
        sniff::named(&text[..line]).is_some()
            || self.asked != Delimiter::Auto
            || header_end(text).is_some()
    }

    fn settle(&mut self) {
        let begin = self.held.len() - trim_line_ends(&self.held).len();
        let text = &self.held[begin..];
        let line = match text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(at) if text[at..].starts_with(b"\r\n") => at + 2,
            Some(at) => at + 1,
            None => text.len(),
        };
        let named = sniff::named(&text[..line]).filter(|_| text[..line].len() <= 7);
        let delimiter = match (self.asked, named) {
            (Delimiter::Auto | Delimiter::Comma, Some(named)) => named,
            (Delimiter::Auto, None) => {
                let header = header_end(text).unwrap_or(text.len());
                sniff::fitting(&text[..header], &self.wanted.required)
            }
            (asked, _) => asked,
        };
        self.delimiter = Some(delimiter);
        let mut line_no = 1;
        if named.is_some() {
            // Blank lines before it go with it.
            let gone = begin + line;
            line_no += cells::line_ends(&self.held[..gone]);
            self.at.offset += self.measure.source_len(&self.held[..gone]);
            self.held.drain(..gone);
            self.begun = true;
        }
        self.cells = Cells::new(sniff::byte(delimiter), line_no);
        self.end = Position {
            line: line_no,
            ..self.at
        };
        self.state = State::Between;
    }

    /// Reads what was held back.
    fn drain(&mut self) -> Result<bool, BadInput> {
        if self.held.is_empty() || self.state == State::Opening {
            return Ok(false);
        }
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[self.drained..];
        let complete = self.read(&mut rest)?;
        self.drained = held.len() - rest.len();
        if rest.is_empty() {
            self.drained = 0;
        } else {
            self.held = held;
        }
        Ok(complete)
    }

    /// Reads records until one is complete.
    fn read(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        while !input.is_empty() {
            match self.state {
                State::Opening => {
                    self.open(input);
                    // What was held comes before the rest of the input.
                    return Ok(false);
                }
                State::Between => {
                    let blank = self.cells.skip_line_ends(input);
                    self.take(input, blank);
                    if !input.is_empty() {
                        self.begun = true;
                        self.cells.begin();
                        let line = self.cells.line();
                        self.state = State::Within { line };
                    }
                }
                State::Within { line } => {
                    let window = input.len().min(self.cells.room());
                    let (taken, ended) = self.cells.read(&input[..window]);
                    let ends_with_cr = ended && input[taken - 1] == b'\r';
                    self.take(input, taken);
                    self.check_span()?;
                    if ends_with_cr {
                        self.state = State::AfterCr { line };
                    } else if ended && self.complete(line)? {
                        return Ok(true);
                    }
                }
                State::AfterCr { line } => {
                    let feed = usize::from(input[0] == b'\n');
                    self.take(input, feed);
                    self.cells.forget_cr();
                    if self.complete(line)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// A quote that was never meant as one would swallow the file up to the next.
    fn check_span(&self) -> Result<(), BadInput> {
        match self.cells.spans_too_many_lines() {
            Some(opened) if !self.multiline => BadInput::content(format!(
                "The quote that opens on line {opened} is not closed within {} lines. Close it, or write a quote inside a cell as \"\"; if cells really are that long, set multiline (as a resource: apply a Dataset under a new name with source.multiline: true).",
                cells::MAX_CELL_LINES
            )),
            _ => Ok(()),
        }
    }

    /// The record is whole: true when it is a row, false when it is the header, or has empty cells only.
    fn complete(&mut self, line: u64) -> Result<bool, BadInput> {
        self.state = State::Between;
        self.at.line = self.cells.line();
        if self.cells.is_blank() {
            if self.header.is_some() {
                self.blank += 1;
                self.blank_pending += 1;
            }
            return Ok(false);
        }
        let Some(header) = &self.header else {
            let columns = self.cells.columns(self.measure, line)?;
            let used = self.delimiter.unwrap_or(Delimiter::Comma);
            let header = Header::parse(columns, &self.wanted, used, line)?;
            self.notices = header.notices(used);
            self.header = Some(header);
            self.end = self.at;
            return Ok(false);
        };
        self.refusal = if self.cells.len() > MAX_RECORD_BYTES {
            Some(too_long())
        } else {
            let written =
                self.cells
                    .write_object(header, line, self.multiline, self.measure, &mut self.json);
            written.err()
        };
        self.blank_before = std::mem::take(&mut self.blank_pending);
        self.record_line = line;
        self.at.row += 1;
        self.end = self.at;
        Ok(true)
    }
}

/// The end of a header that begins with `text`; none while it is not whole.
fn header_end(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    text.iter().position(|byte| {
        quoted ^= *byte == b'"';
        !quoted && matches!(byte, b'\n' | b'\r')
    })
}

fn trim_line_ends(text: &[u8]) -> &[u8] {
    let begin = text.iter().position(|byte| !matches!(byte, b'\n' | b'\r'));
    &text[begin.unwrap_or(text.len())..]
}
