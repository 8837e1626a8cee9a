//! The first bytes of a source: the byte order mark, and encodings that are not UTF-8.

use super::BadInput;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// Enough to tell UTF-16 from UTF-8, with or without a mark.
const LEN: usize = 4;

/// Holds back the first bytes until they tell the encoding, then gives them out without the mark.
pub(super) struct Lead {
    held: [u8; LEN],
    filled: usize,
    given: usize,
    settled: bool,
}

impl Lead {
    /// Only a stream that begins at offset 0 has a lead.
    pub(super) fn new(offset: u64) -> Self {
        Self {
            held: [0; LEN],
            filled: 0,
            given: 0,
            settled: offset != 0,
        }
    }

    /// Takes what is missing; false when `input` held too little.
    pub(super) fn fill(&mut self, input: &mut &[u8]) -> Result<bool, BadInput> {
        if self.settled {
            return Ok(true);
        }
        let taken = input.len().min(LEN - self.filled);
        self.held[self.filled..self.filled + taken].copy_from_slice(&input[..taken]);
        *input = &input[taken..];
        self.filled += taken;
        if self.filled == LEN {
            self.settle()?;
        }
        Ok(self.settled)
    }

    /// The source has ended, so the lead is as long as it gets.
    pub(super) fn finish(&mut self) -> Result<(), BadInput> {
        if self.settled { Ok(()) } else { self.settle() }
    }

    /// Hands what is held to `step` until it reports a record or nothing is left.
    pub(super) fn drain(
        &mut self,
        mut step: impl FnMut(&mut &[u8]) -> Result<bool, BadInput>,
    ) -> Result<bool, BadInput> {
        if self.given == self.filled {
            return Ok(false);
        }
        let mut rest = &self.held[self.given..self.filled];
        let complete = step(&mut rest)?;
        self.given = self.filled - rest.len();
        Ok(complete)
    }

    fn settle(&mut self) -> Result<(), BadInput> {
        self.settled = true;
        let lead = &self.held[..self.filled];
        if lead.starts_with(b"\xff\xfe") || lead.starts_with(b"\xfe\xff") || lead.contains(&0) {
            return Err(BadInput(
                "The file is not UTF-8 text (it looks like UTF-16 or binary data); save it as UTF-8 and upload it again."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Length of the byte order mark, the first time it is asked for; the mark is not given out.
    pub(super) fn take_mark(&mut self) -> u64 {
        if self.given != 0 || !self.held[..self.filled].starts_with(UTF8_MARK) {
            return 0;
        }
        self.given = UTF8_MARK.len();
        UTF8_MARK.len() as u64
    }
}
