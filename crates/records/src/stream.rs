//! One source in one format: byte order mark and encoding, then the format's own stream.

use std::borrow::Cow;

use datacrowd_protocol::source::{Delimiter, Dialect, Encoding, TableFormat};

use crate::{
    bom::{self, FIRST_BYTES},
    csv::{CsvRecords, Preamble},
    decode::{Decoder, Measure},
    jsonl::JsonlRecords,
    record::{BadInput, Position, Record},
};

/// How a source is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// CSV or JSON lines.
    pub format: TableFormat,
    /// What separates a CSV's cells. A first line `sep=;` overrules Comma, which is what is meant when
    /// nothing was said.
    pub delimiter: Delimiter,
    /// How characters are written.
    pub encoding: Encoding,
    /// Quoted cells may span any number of lines.
    pub multiline: bool,
    /// Columns that every row must have.
    pub required: Vec<String>,
    /// The column of which every row must have something.
    pub main: Option<String>,
}

impl Options {
    /// A format with nothing else said.
    #[must_use]
    pub fn new(format: TableFormat) -> Self {
        Self {
            format,
            delimiter: Delimiter::Comma,
            encoding: Encoding::Utf8,
            multiline: false,
            required: Vec::new(),
            main: None,
        }
    }
}

/// Where a stream begins, and what was found before.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The place.
    pub at: Position,
    /// A CSV's header, read before.
    pub header: Option<Vec<String>>,
    /// How the source is read, as found before.
    pub dialect: Option<Dialect>,
    /// Columns seen before, for a format without a header.
    pub columns: Vec<String>,
}

impl Begin {
    /// The first byte of a source.
    pub const START: Self = Self {
        at: Position::START,
        header: None,
        dialect: None,
        columns: Vec::new(),
    };
}

/// What both formats do. They read UTF-8.
pub(crate) trait RecordStream {
    /// Takes bytes off `input` until a record is complete (true) or `input` is used up (false). What was held
    /// back before is read first, also when `input` is empty.
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput>;
    /// Counts bytes of the source that belong to no record and hold no line end.
    fn skip(&mut self, bytes: u64);
    /// The source has ended; true when that completed a record.
    fn finish(&mut self) -> Result<bool, BadInput>;
    /// The record that `step` or `finish` completed.
    fn current(&self) -> Record<'_>;
    /// Behind the last complete record.
    fn position(&self) -> Position;
    /// The columns, for a format that names them once.
    fn header(&self) -> Option<&[String]>;
    /// The columns so far, for a format that does not.
    fn columns(&self) -> &[String];
    /// What separates cells, once known.
    fn delimiter(&self) -> Option<Delimiter>;
    /// What the client should know.
    fn notices(&self) -> &[String];
    /// Rows of empty cells so far.
    fn blank(&self) -> u64;
    /// Whether anything but line ends was read.
    fn is_begun(&self) -> bool;
}

/// The first bytes, until they tell about a byte order mark.
struct FirstBytes {
    held: Vec<u8>,
    settled: bool,
    given: usize,
}

/// Reads records of one source.
pub struct Records {
    first: FirstBytes,
    encoding: Encoding,
    big_endian: bool,
    decoder: Option<Decoder>,
    began_at: u64,
    stream: Box<dyn RecordStream + Send>,
}

impl Records {
    /// A reader that begins where `begin` says. A CSV reader that begins later than offset 0 needs the
    /// header that was read before.
    ///
    /// # Errors
    /// A CSV header that is missing though the start lies behind it.
    pub fn new(options: &Options, begin: Begin) -> Result<Self, BadInput> {
        let began_at = begin.at.offset;
        let found = begin.dialect.filter(|_| began_at > 0);
        let encoding = found.map_or(options.encoding, |found| found.encoding);
        let big_endian = found.is_some_and(|found| found.big_endian);
        let measure = Measure::of(encoding);
        let stream: Box<dyn RecordStream + Send> = match options.format {
            TableFormat::Csv => {
                let preamble = match found.and_then(|found| found.delimiter) {
                    Some(delimiter) => Preamble::Known(delimiter),
                    None if began_at > 0 => Preamble::Known(Delimiter::Comma),
                    None => Preamble::Open(options.delimiter),
                };
                Box::new(CsvRecords::new(options, measure, preamble, begin)?)
            }
            TableFormat::Jsonl => Box::new(JsonlRecords::new(options, measure, begin)),
        };
        Ok(Self {
            first: FirstBytes {
                held: Vec::new(),
                settled: began_at > 0,
                given: 0,
            },
            encoding,
            big_endian,
            decoder: Decoder::new(encoding, big_endian).filter(|_| began_at > 0),
            began_at,
            stream,
        })
    }

    /// The next record. `None` means: `input` is used up, come again with more, or call
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    /// The file is not of this format.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Record<'_>>, BadInput> {
        if !self.first.settled {
            let taken = input.len().min(FIRST_BYTES - self.first.held.len());
            self.first.held.extend_from_slice(&input[..taken]);
            *input = &input[taken..];
            if self.first.held.len() < FIRST_BYTES {
                return Ok(None);
            }
            self.settle()?;
        }
        let complete = self.step_first()? || self.step(input, false)?;
        Ok(complete.then(|| self.stream.current()))
    }

    /// To be called until it returns `None` when the source has ended.
    ///
    /// # Errors
    /// The file is not of this format, or it is empty.
    pub fn finish(&mut self) -> Result<Option<Record<'_>>, BadInput> {
        if !self.first.settled {
            self.settle()?;
        }
        let complete =
            self.step_first()? || self.step(&mut &[][..], true)? || self.stream.finish()?;
        if !complete && self.began_at == 0 && !self.stream.is_begun() {
            return BadInput::content("The file is empty; upload a file with at least one row.");
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

    /// The columns of JSON lines, in the order in which they appeared.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        self.stream.columns()
    }

    /// How the source is read: what was asked for, or what was found.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        Dialect {
            delimiter: self.stream.delimiter(),
            encoding: self.encoding,
            big_endian: self.big_endian,
        }
    }

    /// What the client should know though nothing was refused.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        self.stream.notices()
    }

    /// Rows of empty cells since the stream began.
    #[must_use]
    pub fn blank(&self) -> u64 {
        self.stream.blank()
    }

    /// The first bytes are there: what do they say of the encoding?
    fn settle(&mut self) -> Result<(), BadInput> {
        self.first.settled = true;
        let found = bom::read(&self.first.held, self.encoding)?;
        self.first.given = found.mark;
        self.big_endian = found.big_endian;
        self.stream.skip(self.first.given as u64);
        self.decoder = Decoder::new(self.encoding, self.big_endian);
        Ok(())
    }

    /// Hands on what was held back.
    fn step_first(&mut self) -> Result<bool, BadInput> {
        if self.first.given == self.first.held.len() {
            return Ok(false);
        }
        let held = std::mem::take(&mut self.first.held);
        let mut rest = &held[self.first.given..];
        let complete = self.step(&mut rest, false)?;
        self.first.given = held.len() - rest.len();
        self.first.held = held;
        Ok(complete)
    }

    fn step(&mut self, input: &mut &[u8], last: bool) -> Result<bool, BadInput> {
        let Some(decoder) = &mut self.decoder else {
            return self.stream.step(input);
        };
        loop {
            let mut rest = decoder.rest();
            if !rest.is_empty() {
                let before = rest.len();
                let complete = self.stream.step(&mut rest)?;
                let taken = before - rest.len();
                decoder.took(taken);
                if complete {
                    return Ok(true);
                }
            } else if !input.is_empty() || (last && !decoder.has_ended()) {
                decoder.feed(input, last);
            } else {
                return self.stream.step(input);
            }
        }
    }
}

/// A row by itself: one JSON object on one line, by the rules of JSON lines.
///
/// # Errors
/// Why it is refused.
pub fn row(object: &str) -> Result<String, Cow<'static, str>> {
    let nothing = || Cow::Borrowed("has nothing in it");
    let options = Options::new(TableFormat::Jsonl);
    let read = |bad: BadInput| Cow::Owned(bad.to_string());
    let mut records = Records::new(&options, Begin::START).map_err(read)?;
    let mut input = object.as_bytes();
    let first = match records.next(&mut input).map_err(read)? {
        Some(record) => Some(record.payload.map(str::to_owned).map_err(Cow::into_owned)),
        None => None,
    };
    let found = match first {
        Some(found) => Some(found),
        None => {
            let last = records.finish().map_err(read)?;
            last.map(|record| record.payload.map(str::to_owned).map_err(Cow::into_owned))
        }
    };
    found.ok_or_else(nothing)?.map_err(Cow::Owned)
}
