//! The first bytes of a source: what they say of its encoding, whatever was said of it.

use datacrowd_protocol::source::Encoding;

use crate::{record::BadInput, sniff};

/// Enough to tell UTF-16 from UTF-8, with or without a mark.
pub(crate) const FIRST_BYTES: usize = 16;
/// Of these, the bytes among which a text in UTF-8 has no NUL; further on, one refuses its row.
const NUL_FREE: usize = 4;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the first bytes say.
#[derive(Default)]
pub(crate) struct Found {
    /// Bytes of a byte order mark.
    pub(crate) mark: usize,
    /// Whether UTF-16 has its higher bytes first.
    pub(crate) big_endian: bool,
}

/// Reads the first [`FIRST_BYTES`] bytes, or all of a shorter source.
pub(crate) fn read(begin: &[u8], said: Encoding) -> Result<Found, BadInput> {
    if let Some(what) = no_text(begin) {
        return refuse(what);
    }
    if said == Encoding::Utf16 {
        return utf16(begin);
    }
    if begin.starts_with(b"\xff\xfe") || begin.starts_with(b"\xfe\xff") {
        return refuse(
            "The file is UTF-16; set encoding UTF16 (as a resource: apply a Dataset under a new name with source.encoding: Utf16), or save it as UTF-8.",
        );
    }
    if unmarked_utf16(begin).is_some() {
        return refuse(
            "The file looks like UTF-16 without a byte order mark; set encoding UTF16 (as a resource: apply a Dataset under a new name with source.encoding: Utf16), or save it as UTF-8.",
        );
    }
    if begin.iter().take(NUL_FREE).any(|byte| *byte == 0) {
        return refuse(
            "The file is UTF-16 or binary; save it as UTF-8 text, or set encoding UTF16 (as a resource: apply a Dataset under a new name with source.encoding: Utf16).",
        );
    }
    match (said, begin.starts_with(UTF8_MARK)) {
        (_, false) => Ok(Found::default()),
        (Encoding::Utf8, true) => Ok(Found {
            mark: UTF8_MARK.len(),
            ..Found::default()
        }),
        (other, true) => refuse(format!(
            "The file begins with the mark of UTF-8, so it is not {}; leave encoding out (as a resource: apply a Dataset under a new name without source.encoding).",
            sniff::name(other)
        )),
    }
}

/// The first bytes of what is said to be UTF-16.
fn utf16(begin: &[u8]) -> Result<Found, BadInput> {
    if begin.starts_with(UTF8_MARK) {
        return refuse(
            "The file begins with the mark of UTF-8, so it is not UTF-16; leave encoding out (as a resource: apply a Dataset under a new name without source.encoding).",
        );
    }
    // Two letters of ASCII are one Chinese character; eight such in a row, and no delimiter, are no header.
    if begin.len() == FIRST_BYTES && begin.iter().copied().all(is_ascii) {
        return refuse(
            "The file looks like UTF-8, not UTF-16; leave encoding out (as a resource: apply a Dataset under a new name without source.encoding).",
        );
    }
    Ok(match begin {
        [0xff, 0xfe, ..] => Found {
            mark: 2,
            big_endian: false,
        },
        [0xfe, 0xff, ..] => Found {
            mark: 2,
            big_endian: true,
        },
        _ => Found {
            mark: 0,
            big_endian: unmarked_utf16(begin) == Some(true),
        },
    })
}

fn refuse(what: impl Into<String>) -> Result<Found, BadInput> {
    Err(BadInput::NotText(what.into()))
}

/// What a file is that no encoding makes a text of, by its first bytes, and what to do.
fn no_text(begin: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 4] = [
        (
            b"PK\x03\x04",
            "The file is a workbook, or another zip archive; save the sheet as CSV, or unpack it.",
        ),
        (
            b"\xd0\xcf\x11\xe0",
            "The file is a workbook; save the sheet as CSV.",
        ),
        (
            b"\x1f\x8b\x08",
            "The file is compressed twice, with gzip inside; compress it once.",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "The file is compressed twice, with zstd inside; compress it once.",
        ),
    ];
    let found = KNOWN.iter().find(|(magic, _)| begin.starts_with(magic));
    found.map(|(_, what)| *what)
}

/// Whether a byte is one of a text in ASCII.
fn is_ascii(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Whether a text begins like ASCII in UTF-16 without a mark, and whether its higher bytes come first.
fn unmarked_utf16(begin: &[u8]) -> Option<bool> {
    match begin {
        [first, 0, second, 0, ..] if is_ascii(*first) && is_ascii(*second) => Some(false),
        [0, first, 0, second, ..] if is_ascii(*first) && is_ascii(*second) => Some(true),
        _ => None,
    }
}
