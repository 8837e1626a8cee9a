//! The cells of one record, found byte by byte: a quote either opens a cell, closes it, or is doubled.
//! Anything else is a flaw, and the record is refused instead of guessed at.

mod record;

use datacrowd_protocol::chunk::MAX_RECORD_BYTES;

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
