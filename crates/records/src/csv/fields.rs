//! The fields of one record, as `csv-core` finds them.

use std::borrow::Cow;

use csv_core::ReadRecordResult;

use super::{
    super::{BadInput, count_lines},
    header::Header,
};

/// The fields of the record being read, unescaped.
#[derive(Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    /// Of a record too long to keep: line feeds in whole fields, and in the field being read.
    dropped_lines: (u64, u64),
    dropped_text: usize,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        (self.text_len, self.ends_len) = (0, 0);
        (self.dropped_lines, self.dropped_text) = ((0, 0), 0);
    }

    /// Feeds `input` until the record or the input ends; also says how many bytes were taken.
    pub(super) fn read(
        &mut self,
        core: &mut csv_core::Reader,
        input: &[u8],
    ) -> (ReadRecordResult, usize) {
        let mut taken = 0;
        loop {
            let (result, nin, nout, nend) = core.read_record(
                &input[taken..],
                &mut self.text[self.text_len..],
                &mut self.ends[self.ends_len..],
            );
            taken += nin;
            self.text_len += nout;
            self.ends_len += nend;
            match result {
                ReadRecordResult::OutputFull => grow(&mut self.text, 4096),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, 64),
                ReadRecordResult::InputEmpty | ReadRecordResult::Record | ReadRecordResult::End => {
                    return (result, taken);
                }
            }
            if taken == input.len() {
                return (ReadRecordResult::InputEmpty, taken);
            }
        }
    }

    fn ends(&self) -> &[usize] {
        &self.ends[..self.ends_len]
    }

    /// Forgets the text but not the lines it held.
    pub(super) fn discard(&mut self) {
        let text = &self.text[..self.text_len];
        match self.ends().last() {
            // Ends count from the record's begin, text from what was dropped.
            Some(end) => {
                let (whole, open) = text.split_at(end - self.dropped_text);
                self.dropped_lines.0 += self.dropped_lines.1 + count_lines(whole);
                self.dropped_lines.1 = count_lines(open);
            }
            None => self.dropped_lines.1 += count_lines(text),
        }
        self.dropped_text += self.text_len;
        (self.text_len, self.ends_len) = (0, 0);
    }

    /// Line feeds in all fields but the one being read.
    pub(super) fn lines_before_last(&mut self) -> u64 {
        self.discard();
        self.dropped_lines.0
    }

    pub(super) fn header(&self, too_long: bool, required: &[String]) -> Result<Header, BadInput> {
        if too_long {
            return Err(BadInput(
                "The header line is longer than 1 MiB; the file does not look like CSV.".to_owned(),
            ));
        }
        let mut begin = 0;
        let columns = self.ends().iter().map(|end| {
            let column = std::str::from_utf8(&self.text[begin..*end]);
            begin = *end;
            column.map(str::to_owned).map_err(|_| {
                BadInput(
                    "The header is not valid UTF-8; save the file as UTF-8 and upload it again."
                        .to_owned(),
                )
            })
        });
        Header::parse(columns.collect::<Result<_, _>>()?, required)
    }

    pub(super) fn write_object(
        &self,
        header: &Header,
        json: &mut String,
    ) -> Result<(), Cow<'static, str>> {
        let ends = self.ends();
        if ends.len() != header.columns().len() {
            return Err(Cow::Owned(format!(
                "has {} fields, the header has {}",
                ends.len(),
                header.columns().len()
            )));
        }
        let text = std::str::from_utf8(&self.text[..self.text_len]).ok();
        // Two halves of a character in neighbouring fields look valid only together.
        let Some(text) = text.filter(|text| ends.iter().all(|end| text.is_char_boundary(*end)))
        else {
            return Err(Cow::Borrowed("is not valid UTF-8"));
        };
        if text.as_bytes().contains(&0) {
            return Err(Cow::Borrowed(
                "contains the character U+0000, which cannot be stored",
            ));
        }
        header.write_object(text, ends, json);
        Ok(())
    }
}

fn grow<T: Clone + Default>(buffer: &mut Vec<T>, least: usize) {
    buffer.resize((buffer.len() * 2).max(least), T::default());
}
