//! The first bytes of a source, read as a run will read them: what a run would refuse whole is refused
//! before anybody pays.

use datacrowd_protocol::{
    labeling::Labeling,
    source::{Delimiter, Encoding, TableFormat},
};
use datacrowd_records::{BadInput, Head, Options, head, is_packed};

use crate::error::{ApiError, ApiResult, Code};

/// Bytes of a source that are looked at.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Bytes of a compressed one: a block of zstd gives nothing before it is whole, and may have 128 KiB.
const PACKED_HEAD_BYTES: usize = 256 * 1024;
/// Rows that are read to see whether there are any.
const A_FEW: usize = 20;

/// Bytes that are looked at of a source that begins so.
pub fn head_bytes(begin: &[u8]) -> usize {
    match is_packed(begin) {
        true => PACKED_HEAD_BYTES,
        false => HEAD_BYTES,
    }
}

/// How a client says that a source is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    pub delimiter: Option<Delimiter>,
    pub encoding: Option<Encoding>,
    pub multiline: Option<bool>,
}

impl Written {
    /// Refuses what JSON lines do not have.
    pub fn fits(self, format: TableFormat) -> ApiResult<Self> {
        let of_csv =
            |member: &str| ApiError::invalid_member(member, "belongs to CSV only; remove it");
        match (format, self.delimiter, self.multiline) {
            (TableFormat::Jsonl, Some(_), _) => Err(of_csv("delimiter")),
            (TableFormat::Jsonl, _, Some(_)) => Err(of_csv("multiline")),
            _ => Ok(self),
        }
    }

    /// Refuses what only a file of rows has.
    pub fn refuse_any(self) -> ApiResult<()> {
        let given = [
            ("delimiter", self.delimiter.is_some()),
            ("encoding", self.encoding.is_some()),
            ("multiline", self.multiline.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((member, _)) => Err(ApiError::invalid_member(
                member,
                "belongs to a file of rows; remove it",
            )),
            None => Ok(()),
        }
    }

    /// How to read it.
    pub fn options(self, format: TableFormat) -> Options {
        Options {
            delimiter: self.delimiter.unwrap_or(Delimiter::Comma),
            encoding: self.encoding.unwrap_or(Encoding::Utf8),
            multiline: self.multiline.unwrap_or(false),
            ..Options::new(format)
        }
    }
}

/// Holds the first bytes against the project's labeling; `member` is what the client sent them in.
pub fn check(
    member: &str,
    bytes: &[u8],
    whole: bool,
    format: TableFormat,
    written: Written,
    labeling: Option<&Labeling>,
) -> ApiResult<Head> {
    let options = Options {
        required: labeling.map(Labeling::required_columns).unwrap_or_default(),
        main: labeling.and_then(Labeling::main_column).map(str::to_owned),
        ..written.fits(format)?.options(format)
    };
    if bytes.is_empty() {
        return Err(ApiError::invalid_member(member, "is empty"));
    }
    head(bytes, &options, A_FEW, whole).map_err(|error| refused(member, error))
}

/// The first rows that a run would load.
pub fn rows(bytes: &[u8], options: &Options, most: usize, whole: bool) -> ApiResult<Head> {
    head(bytes, options, most, whole).map_err(|error| refused("file", error))
}

fn refused(member: &str, error: BadInput) -> ApiError {
    match error {
        BadInput::NotText(why) => ApiError::saying(Code::UnsupportedMediaType, why),
        BadInput::Content(why) => ApiError::invalid_member(member, why),
    }
}
