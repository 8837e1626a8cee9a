//! JSON lines: one object per line, passed on as it is.

use std::{borrow::Cow, collections::HashSet};

use datacrowd_protocol::{
    chunk::MAX_RECORD_BYTES,
    source::{Delimiter, Encoding},
};

use crate::{
    csv::nothing_in,
    decode::Measure,
    json,
    record::{BadInput, Position, Record, too_long},
    shown::shown,
    sniff,
    stream::{Begin, Options, RecordStream},
};

/// Names of columns that are remembered, in the order in which they appeared.
const MAX_COLUMNS: usize = 1_000;
/// Bytes of all of them: they stand in every chunk, and in the row of the dataset.
const MAX_COLUMN_BYTES: usize = 128 * 1024;

/// Reads lines; blank ones are no records.
pub(crate) struct JsonlRecords {
    measure: Measure,
    encoding: Encoding,
    required: Vec<String>,
    main: Option<String>,
    columns: Vec<String>,
    known: HashSet<String>,
    /// Bytes that may still be remembered of names.
    room: usize,
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
    notices: Vec<String>,
}

impl JsonlRecords {
    /// Rows without one of the required columns are refused.
    pub(crate) fn new(options: &Options, measure: Measure, begin: Begin) -> Self {
        let at = begin.at;
        Self {
            measure,
            encoding: options.encoding,
            required: options.required.clone(),
            main: options.main.clone(),
            known: begin.columns.iter().cloned().collect(),
            room: begin.columns.iter().fold(MAX_COLUMN_BYTES, |room, name| {
                room.saturating_sub(name.len())
            }),
            columns: begin.columns,
            line: Vec::new(),
            seen: 0,
            at,
            begin: at,
            end: at,
            record_line: at.line,
            refusal: None,
            notices: without_effect(options),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.seen == 0 {
            self.line.clear();
        }
        self.seen += bytes.len();
        self.at.offset += self.measure.source_len(bytes);
        if self.seen <= MAX_RECORD_BYTES {
            self.line.extend_from_slice(bytes);
        } else {
            self.line.clear();
        }
    }

    /// The line is whole: true when it is a record.
    fn complete(&mut self) -> Result<bool, BadInput> {
        let too_long_to_keep = self.seen > MAX_RECORD_BYTES;
        let (begin, blank) = (self.begin, self.line.trim_ascii().is_empty());
        self.seen = 0;
        self.begin = self.at;
        if blank && !too_long_to_keep {
            return Ok(false);
        }
        self.record_line = begin.line;
        self.at.row += 1;
        self.begin = self.at;
        self.end = self.at;
        self.refusal = if too_long_to_keep {
            Some(too_long())
        } else {
            self.check()?
        };
        Ok(true)
    }

    /// Why the line is no row, or `None` when it is.
    fn check(&mut self) -> Result<Option<Cow<'static, str>>, BadInput> {
        let Ok(text) = std::str::from_utf8(&self.line) else {
            return Ok(Some(sniff::not_text(&self.line, self.encoding).into()));
        };
        let text = text.trim_ascii();
        let first = self.end.row == 2;
        if first && text.starts_with('[') {
            return BadInput::content(
                "The file begins with [, so it is a JSON array; write one object per line, as jq -c '.[]' does.",
            );
        }
        if !text.starts_with('{') {
            let remedy = sniff::no_object(text, first);
            return Ok(Some(format!("is not a JSON object{remedy}").into()));
        }
        let (required, main) = (&self.required, self.main.as_deref());
        let mut found = vec![false; required.len()];
        let mut nothing_to_see = false;
        let mut appeared = Vec::new();
        let mut nth = 0;
        let columns = &self.columns;
        let checked = json::object(text, |name, value| {
            // One column may be shown and name the row, too.
            for (found, _) in found.iter_mut().zip(required).filter(|(_, c)| *c == name) {
                *found = true;
            }
            if main == Some(name) {
                nothing_to_see = is_nothing(value);
            }
            // Most rows name the same columns in the same order.
            if columns.get(nth).is_none_or(|column| column != name) {
                appeared.push(name.to_owned());
            }
            nth += 1;
        });
        if let Err(problem) = checked {
            let remedy = sniff::no_json(text, &problem);
            return Ok(Some(format!("{}{remedy}", problem.sentence()).into()));
        }
        if let Some(missing) = found.iter().position(|found| !found) {
            let missing = shown(&required[missing]);
            return Ok(Some(format!("has no column {missing}").into()));
        }
        if nothing_to_see {
            return Ok(main.map(nothing_in));
        }
        for name in appeared {
            let fits = self.columns.len() < MAX_COLUMNS && name.len() <= self.room;
            if fits && self.known.insert(name.clone()) {
                self.room -= name.len();
                self.columns.push(name);
            }
        }
        Ok(None)
    }
}

/// Tells of settings that a CSV has and JSON lines do not.
fn without_effect(options: &Options) -> Vec<String> {
    let set = [
        ("delimiter", options.delimiter != Delimiter::Comma),
        ("multiline", options.multiline),
    ];
    set.iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(name, _)| format!("{name} belongs to CSV only; JSON lines are read without it."))
        .collect()
}

/// Whether a value shows nothing, however that is written.
fn is_nothing(value: &str) -> bool {
    value == "null" || json::string(value).is_some_and(|text| text.trim().is_empty())
}

impl RecordStream for JsonlRecords {
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        while !input.is_empty() {
            let newline = memchr::memchr(b'\n', input);
            let taken = newline.map_or(input.len(), |at| at + 1);
            self.keep(&input[..taken]);
            *input = &input[taken..];
            if newline.is_some() {
                self.at.line += 1;
                if self.complete()? {
                    return Ok(true);
                }
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
        Ok(self.seen > 0 && self.complete()?)
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
            blank_before: 0,
            payload,
        }
    }

    fn position(&self) -> Position {
        self.end
    }

    fn header(&self) -> Option<&[String]> {
        None
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn delimiter(&self) -> Option<Delimiter> {
        None
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn blank(&self) -> u64 {
        0
    }

    fn is_begun(&self) -> bool {
        self.end.row > 1
    }
}
