//! What a stream gives out: records and places between them, or why the file is none.

use std::{borrow::Cow, fmt};

use datacrowd_protocol::chunk::MAX_RECORD_BYTES;

/// The file is not what its format says. The text tells the client what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadInput {
    /// It is no text in the encoding that was named.
    NotText(String),
    /// It is text, of another form.
    Content(String),
}

impl BadInput {
    pub(crate) fn content<T>(text: impl Into<String>) -> Result<T, Self> {
        Err(Self::Content(text.into()))
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotText(text) | Self::Content(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for BadInput {}

/// A place in the source, between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub offset: u64,
    /// Number of the record that follows, from 1.
    pub row: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
}

impl Position {
    /// The first byte of a source.
    pub const START: Self = Self {
        offset: 0,
        row: 1,
        line: 1,
    };
}

/// A record: a JSON object, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number of the record, from 1, refused ones included.
    pub row: u64,
    /// Line on which it begins.
    pub line: u64,
    /// Where the next record may begin.
    pub end: Position,
    /// Rows of empty cells between the record before and this one.
    pub blank_before: u64,
    /// The row as one JSON object on one line, or the reason for refusing it.
    pub payload: Result<&'a str, Cow<'a, str>>,
}

/// Why a record of more than [`MAX_RECORD_BYTES`] is refused.
pub(crate) fn too_long() -> Cow<'static, str> {
    Cow::Owned(format!(
        "is longer than {} MiB",
        MAX_RECORD_BYTES / (1024 * 1024)
    ))
}

/// The character that no text of the database can hold.
pub(crate) const NUL: &str = "contains the character U+0000, which cannot be stored";
