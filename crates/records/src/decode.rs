//! Encodings: whatever a source is written in becomes UTF-8 before it is read, and every UTF-8 text
//! tells how many bytes of the source it was, so that offsets stay the source's.

use datacrowd_protocol::source::Encoding;
use encoding_rs::{Decoder as Rust, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

/// Stands for what is no character of the source's encoding: no UTF-8 text has it, so its row is refused.
const BROKEN: u8 = 0xff;

/// How long a text was in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// UTF-8 itself.
    Same,
    /// One byte a character.
    SingleByte,
    /// Two bytes, or four beyond the first plane.
    Utf16,
}

impl Measure {
    pub(crate) fn of(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::Same,
            Encoding::Windows1251 | Encoding::Windows1252 => Self::SingleByte,
            Encoding::Utf16 => Self::Utf16,
        }
    }

    /// Bytes of the source that became this UTF-8 text, which may begin or end within a character: the
    /// first byte of a character counts for all of it.
    pub(crate) fn source_len(self, text: &[u8]) -> u64 {
        let begins = |byte: &&u8| **byte & 0xc0 != 0x80;
        match self {
            Self::Same => text.len() as u64,
            Self::SingleByte => text.iter().filter(begins).count() as u64,
            Self::Utf16 => {
                let units = |byte: &u8| 1 + u64::from((0xf0..BROKEN).contains(byte));
                2 * text.iter().filter(begins).map(units).sum::<u64>()
            }
        }
    }
}

/// Turns a source into UTF-8.
pub(crate) struct Decoder {
    rust: Rust,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

/// Bytes decoded at once: bounds what is held beside the caller's piece.
const WINDOW: usize = 64 * 1024;

impl Decoder {
    /// A decoder behind any byte order mark, or none where the source is UTF-8 already.
    pub(crate) fn new(encoding: Encoding, big_endian: bool) -> Option<Self> {
        let rust = match (encoding, big_endian) {
            (Encoding::Utf8, _) => return None,
            (Encoding::Windows1251, _) => WINDOWS_1251,
            (Encoding::Windows1252, _) => WINDOWS_1252,
            (Encoding::Utf16, true) => UTF_16BE,
            (Encoding::Utf16, false) => UTF_16LE,
        };
        Some(Self {
            rust: rust.new_decoder_without_bom_handling(),
            text: Vec::new(),
            given: 0,
            ended: false,
        })
    }

    /// What is decoded and not given out yet.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.text[self.given..]
    }

    /// Counts what was taken of [`rest`](Self::rest).
    pub(crate) fn took(&mut self, bytes: usize) {
        self.given += bytes;
    }

    /// Whether it was told of the source's end.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Decodes the next window of `input`, once everything before was taken.
    pub(crate) fn feed(&mut self, input: &mut &[u8], last: bool) {
        self.text.clear();
        self.given = 0;
        self.ended = last;
        let (mut window, rest) = input.split_at(input.len().min(WINDOW));
        *input = rest;
        loop {
            let begin = self.text.len();
            self.text.resize(begin + window.len() * 3 + 16, 0);
            let (result, read, written) = self.rust.decode_to_utf8_without_replacement(
                window,
                &mut self.text[begin..],
                last && rest.is_empty(),
            );
            self.text.truncate(begin + written);
            window = &window[read..];
            match result {
                DecoderResult::Malformed(..) => self.text.push(BROKEN),
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, big_endian: bool, bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(encoding, big_endian).unwrap();
        let mut text = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                decoder.feed(&mut piece, false);
                text.extend_from_slice(decoder.rest());
            }
        }
        decoder.feed(&mut &[][..], true);
        text.extend_from_slice(decoder.rest());
        text
    }

    #[test]
    fn every_character_counts_the_bytes_it_was() {
        let utf16: Vec<u8> = "a;ж\u{1f600}"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .chain([0xd8, 0x00, 0x00, 0x62]) // half a pair, then b
            .collect();
        for piece in [1, 3, 100] {
            let text = decoded(Encoding::Utf16, true, &utf16, piece);
            assert_eq!(
                text,
                [b"a;\xd0\xb6\xf0\x9f\x98\x80".as_slice(), b"\xffb"].concat()
            );
            assert_eq!(Measure::Utf16.source_len(&text), utf16.len() as u64);
        }
        let text = decoded(Encoding::Windows1251, false, b"\xcf\xf0\xe8 a", 2);
        assert_eq!(text, "При a".as_bytes());
        assert_eq!(Measure::SingleByte.source_len(&text), 5);
    }
}
