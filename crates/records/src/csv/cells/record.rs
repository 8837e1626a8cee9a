//! What a record of cells becomes: the names of columns, or a JSON object.

use std::borrow::Cow;

use datacrowd_protocol::{chunk::MAX_RECORD_BYTES, source::Encoding};

use super::{Cells, Flaw, MAX_CELL_BYTES};
use crate::{
    csv::header::Header,
    decode::Measure,
    record::{BadInput, NUL},
    sniff,
};

impl Cells {
    /// The cells as names of columns, of a header that begins on this line.
    pub(in crate::csv) fn columns(
        &self,
        measure: Measure,
        line: u64,
    ) -> Result<Vec<String>, BadInput> {
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
    pub(in crate::csv) fn write_object(
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
