//! The cells of one record, found byte by byte: a quote either opens a cell, closes it, or is doubled.
//! Anything else is a flaw, and the record is refused instead of guessed at.

use std::borrow::Cow;

use datacrowd_protocol::{chunk::MAX_RECORD_BYTES, source::Encoding};

use super::header::Header;
use crate::{
    decode::Measure,
    record::{BadInput, NUL},
    sniff,
};

/// Most lines that a quoted cell spans.
pub(super) const MAX_CELL_LINES: u64 = 100;
/// Most bytes of a quoted cell.
const MAX_CELL_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a cell's first byte.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between a cell's quotes.
    Quoted,
    /// Behind a quote that closes the cell, unless another follows.
    Closing,
}

/// What is wrong with a record.
#[derive(Clone, Copy)]
enum Flaw {
    QuoteInside { line: u64 },
    TextBehindQuote { opened: u64, closed: u64 },
}

/// The cells of the record being read, unescaped.
pub(super) struct Cells {
    /// True for what ends a run of plain bytes in a cell without quotes.
    special: [bool; 256],
    delimiter: u8,
    state: State,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Bytes of the record so far, also when they are not kept.
    len: usize,
    /// Line of the byte that follows.
    line: u64,
    /// Line of the record's last byte.
    last_line: u64,
    /// The last byte was a CR whose LF would belong to it.
    after_cr: bool,
    /// Line on which the quote opened, and bytes of the cell behind it.
    opened: u64,
    cell_len: usize,
    /// The first quoted cell that is longer than most.
    long_cell: Option<u64>,
    /// The first quoted cell that spans more lines than any should.
    tall_cell: Option<u64>,
    flaw: Option<Flaw>,
}

impl Cells {
    pub(super) fn new(delimiter: u8, line: u64) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'"', b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Self {
            special,
            delimiter,
            state: State::Start,
            text: Vec::new(),
            ends: Vec::new(),
            len: 0,
            line,
            last_line: line,
            after_cr: false,
            opened: line,
            cell_len: 0,
            long_cell: None,
            tall_cell: None,
            flaw: None,
        }
    }

    /// Forgets the record before.
    pub(super) fn begin(&mut self) {
        self.state = State::Start;
        self.text.clear();
        self.ends.clear();
        self.len = 0;
        self.after_cr = false;
        (self.long_cell, self.tall_cell, self.flaw) = (None, None, None);
    }

    /// Line of the byte that follows.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the record.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes that may be read before the record is too long to keep; then any number.
    pub(super) fn room(&self) -> usize {
        match (MAX_RECORD_BYTES + 1).checked_sub(self.len) {
            Some(room) if room > 0 => room,
            _ => usize::MAX,
        }
    }

    /// The line on which a quote opened that spans too many lines.
    pub(super) fn spans_too_many_lines(&self) -> Option<u64> {
        self.tall_cell
    }

    /// Counts line ends between records; says how many bytes they are.
    pub(super) fn skip_line_ends(&mut self, input: &[u8]) -> usize {
        let mut bytes = 0;
        for byte in input {
            match byte {
                b'\r' | b'\n' => self.count_line_end(*byte),
                _ => break,
            }
            bytes += 1;
        }
        bytes
    }

    /// The LF that belonged to the last CR was taken, or there is none.
    pub(super) fn forget_cr(&mut self) {
        self.after_cr = false;
    }

    fn count_line_end(&mut self, byte: u8) {
        if !(byte == b'\n' && self.after_cr) {
            self.line += 1;
        }
        self.after_cr = byte == b'\r';
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.len <= MAX_RECORD_BYTES {
            self.text.extend_from_slice(bytes);
        }
    }

    fn end_cell(&mut self) {
        if self.len <= MAX_RECORD_BYTES {
            self.ends.push(self.text.len());
        }
        self.state = State::Start;
    }

    fn flaw(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
        self.state = State::Bare;
    }

    /// Reads on in the record; says how many bytes were taken, and whether the record has ended.
    pub(super) fn read(&mut self, input: &[u8]) -> (usize, bool) {
        let before = self.len;
        let mut at = 0;
        while at < input.len() {
            let rest = &input[at..];
            let (taken, ended) = match self.state {
                State::Start if rest[0] == b'"' => {
                    self.state = State::Quoted;
                    (self.opened, self.cell_len) = (self.line, 0);
                    (1, false)
                }
                State::Start | State::Bare => self.read_bare(rest),
                State::Quoted => (self.read_quoted(rest), false),
                State::Closing => self.read_closing(rest),
            };
            at += taken;
            self.len = before + at;
            if ended {
                return (at, true);
            }
        }
        if self.len > MAX_RECORD_BYTES {
            self.text.clear();
            self.ends.clear();
        }
        (at, false)
    }

    fn read_bare(&mut self, rest: &[u8]) -> (usize, bool) {
        let special = rest
            .iter()
            .position(|byte| self.special[usize::from(*byte)]);
        let plain = special.unwrap_or(rest.len());
        self.keep(&rest[..plain]);
        self.state = State::Bare;
        let Some(byte) = rest.get(plain) else {
            return (plain, false);
        };
        match *byte {
            b'"' => {
                self.flaw(Flaw::QuoteInside { line: self.line });
                (plain + 1, false)
            }
            b'\n' | b'\r' => (plain + 1, self.end_record(*byte)),
            _ => {
                self.end_cell();
                (plain + 1, false)
            }
        }
    }

    fn read_quoted(&mut self, rest: &[u8]) -> usize {
        let special = memchr::memchr3(b'"', b'\n', b'\r', rest);
        let plain = special.unwrap_or(rest.len());
        if plain > 0 {
            self.after_cr = false;
        }
        let taken = match rest.get(plain) {
            Some(b'"') => {
                self.state = State::Closing;
                self.after_cr = false;
                self.keep(&rest[..plain]);
                plain + 1
            }
            Some(byte) => {
                self.count_line_end(*byte);
                self.keep(&rest[..=plain]);
                plain + 1
            }
            None => {
                self.keep(rest);
                plain
            }
        };
        self.cell_len += taken;
        if self.cell_len > MAX_CELL_BYTES {
            self.long_cell.get_or_insert(self.opened);
        }
        if self.line - self.opened >= MAX_CELL_LINES {
            self.tall_cell.get_or_insert(self.opened);
        }
        taken
    }

    fn read_closing(&mut self, rest: &[u8]) -> (usize, bool) {
        match rest[0] {
            b'"' => {
                self.keep(b"\"");
                self.state = State::Quoted;
                (1, false)
            }
            byte @ (b'\n' | b'\r') => (1, self.end_record(byte)),
            byte if byte == self.delimiter => {
                self.end_cell();
                (1, false)
            }
            _ => {
                let (opened, closed) = (self.opened, self.line);
                self.flaw(Flaw::TextBehindQuote { opened, closed });
                (0, false)
            }
        }
    }

    fn end_record(&mut self, byte: u8) -> bool {
        self.end_cell();
        self.last_line = self.line;
        self.after_cr = false;
        self.count_line_end(byte);
        true
    }

    /// The source has ended; the line of a quote that is still open.
    pub(super) fn finish(&mut self) -> Option<u64> {
        if self.state == State::Quoted {
            return Some(self.opened);
        }
        self.end_cell();
        self.last_line = self.line;
        None
    }

    /// Whether every cell is empty, or blank.
    pub(super) fn is_blank(&self) -> bool {
        self.flaw.is_none()
            && self.len <= MAX_RECORD_BYTES
            && self.text.iter().all(u8::is_ascii_whitespace)
    }

    /// The cells as names of columns, of a header that begins on this line.
    pub(super) fn columns(&self, measure: Measure, line: u64) -> Result<Vec<String>, BadInput> {
        if self.len > MAX_RECORD_BYTES {
            return BadInput::content(
                "The header line is longer than 1 MiB; the file does not look like CSV.",
            );
        }
        if memchr::memchr(0, &self.text).is_some() {
            return Err(BadInput::NotText(sniff::nul_in_header(said(measure))));
        }
        // Before the quotes, of which every object has some where a CSV has none.
        if sniff::is_json(&self.text[..self.ends.first().copied().unwrap_or_default()]) {
            return BadInput::content(format!(
                "Line {line} is no header of a CSV: the file looks like JSON; write one object per line and name the file .jsonl (as a resource: apply a Dataset under a new name with source.format: JSONL)."
            ));
        }
        if let Some(flaw) = self.flaw {
            let what = self.sentence(flaw, self.opened);
            return BadInput::content(format!("The header {what}."));
        }
        let mut begin = 0;
        let columns = self.ends.iter().map(|end| {
            let column = std::str::from_utf8(&self.text[begin..*end]);
            begin = *end;
            column.map(str::to_owned).map_err(|_| {
                let what = sniff::not_text(&self.text, said(measure));
                BadInput::NotText(format!("The header {what}; or save the file as UTF-8."))
            })
        });
        columns.collect()
    }

    /// Replaces `json` with the row as an object, or says why there is none.
    pub(super) fn write_object(
        &self,
        header: &Header,
        line: u64,
        multiline: bool,
        measure: Measure,
        json: &mut String,
    ) -> Result<(), Cow<'static, str>> {
        if let Some(flaw) = self.flaw {
            return Err(Cow::Owned(self.sentence(flaw, line)));
        }
        if let Some(opened) = self.long_cell.filter(|_| !multiline) {
            return Err(Cow::Owned(format!(
                "has a cell of more than {} KiB behind the quote that opens on line {opened}; if cells really are that long, set multiline",
                MAX_CELL_BYTES / 1024
            )));
        }
        let (ends, columns) = (self.ends.as_slice(), header.columns().len());
        if ends.len() != columns {
            return Err(Cow::Owned(format!(
                "has {} fields, the header has {columns}",
                ends.len()
            )));
        }
        let text = std::str::from_utf8(&self.text).ok();
        // Two halves of a character in neighbouring fields look valid only together.
        let Some(text) = text.filter(|text| ends.iter().all(|end| text.is_char_boundary(*end)))
        else {
            return Err(Cow::Owned(sniff::not_text(&self.text, said(measure))));
        };
        if memchr::memchr(0, text.as_bytes()).is_some() {
            return Err(Cow::Borrowed(NUL));
        }
        header.write_object(text, ends, json)
    }

    fn sentence(&self, flaw: Flaw, begin: u64) -> String {
        let spanned = match self.last_line {
            last if last > begin => format!(" (the row spans lines {begin} to {last})"),
            _ => String::new(),
        };
        match flaw {
            Flaw::QuoteInside { line } => format!(
                "has a quote on line {line} inside a cell that does not begin with one{spanned}; write the cell in quotes and a quote inside it as \"\""
            ),
            Flaw::TextBehindQuote { opened, closed } => format!(
                "has text behind the quote that opens on line {opened} and closes on line {closed}{spanned}; write a quote inside a cell as \"\""
            ),
        }
    }
}

fn said(measure: Measure) -> Encoding {
    match measure {
        Measure::Same | Measure::SingleByte => Encoding::Utf8,
        Measure::Utf16 => Encoding::Utf16,
    }
}

/// Number of line ends: LF, CR, or both together.
pub(super) fn line_ends(text: &[u8]) -> u64 {
    let mut cells = Cells::new(b',', 0);
    for byte in text {
        match byte {
            b'\r' | b'\n' => cells.count_line_end(*byte),
            _ => cells.after_cr = false,
        }
    }
    cells.line
}
