//! Where a dataset's rows come from.

mod inbox;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::inbox::{
    DEFAULT_HOLD_SECONDS, InboxCrowd, InboxRule, ItemCrowdState, MOST_HOLD_SECONDS,
};
use crate::wire_enum;

wire_enum! {
    /// What a source is: a file of rows, a folder of files, or items that arrive one at a time.
    pub enum SourceFormat {
        /// RFC 4180, UTF-8, with a header line.
        #[serde(rename = "CSV")]
        Csv = "CSV" / "csv",
        /// One JSON object per line, UTF-8.
        #[serde(rename = "JSONL")]
        Jsonl = "JSONL" / "jsonl",
        /// A folder; each file below it becomes a task.
        Files = "FILES" / "files",
        /// Nothing to read: items arrive by REST, one at a time, for ever.
        Inbox = "INBOX" / "inbox",
    }
}

/// A format of one file that holds rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// [`SourceFormat::Csv`]
    Csv,
    /// [`SourceFormat::Jsonl`]
    Jsonl,
}

impl From<TableFormat> for SourceFormat {
    fn from(format: TableFormat) -> Self {
        match format {
            TableFormat::Csv => Self::Csv,
            TableFormat::Jsonl => Self::Jsonl,
        }
    }
}

impl SourceFormat {
    /// The format of a file of rows; none for a folder and an inbox.
    #[must_use]
    pub fn table(self) -> Option<TableFormat> {
        match self {
            Self::Csv => Some(TableFormat::Csv),
            Self::Jsonl => Some(TableFormat::Jsonl),
            Self::Files | Self::Inbox => None,
        }
    }

    /// The format of a source: what was said, or else what its URI tells. One that ends in `/` is a folder, one that ends in
    /// `.zip` is a packed one, and nothing else is.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn of(said: Option<Self>, uri: &str) -> Result<Self, &'static str> {
        match (said, uri.ends_with('/') || is_archive(uri)) {
            (Some(Self::Inbox), _) if uri.is_empty() => Ok(Self::Inbox),
            (Some(Self::Inbox), _) => Err(
                "An Inbox has no source.uri, since its items arrive by REST; remove it, or set source.format to what the file is",
            ),
            (_, _) if uri.is_empty() => {
                Err("source.uri names the file or folder to read; set it")
            }
            (None | Some(Self::Files), true) => Ok(Self::Files),
            (Some(_), true) => Err(
                "source.uri ends in / or .zip, so it names a folder; set source.format to Files",
            ),
            (Some(Self::Files), false) => Err(
                "source.format is Files, so source.uri names a folder; end it in /, or in .zip when it is packed",
            ),
            (Some(table), false) => Ok(table),
            (None, false) => TableFormat::from_extension(uri).map(Self::from).ok_or(
                "The file's name ends in neither .csv nor .jsonl (nor in one of these and .gz or .zst); set source.format to CSV or JSONL",
            ),
        }
    }
}

/// Whether a source is a folder in one file.
#[must_use]
pub fn is_archive(uri: &str) -> bool {
    uri.len() > 4 && uri.as_bytes()[uri.len() - 4..].eq_ignore_ascii_case(b".zip")
}

impl TableFormat {
    /// The format that a file name's extension stands for, with `.gz` or `.zst` behind it or without.
    #[must_use]
    pub fn from_extension(path: &str) -> Option<Self> {
        let name = path.to_ascii_lowercase();
        let packed = [".gz", ".zst"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        match packed.unwrap_or(&name).rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// The extension that the platform gives to files of this format.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

wire_enum! {
    /// What separates the cells of a CSV.
    pub enum Delimiter {
        /// Whichever of the others the header fits; looked up once.
        Auto = "AUTO" / "auto",
        /// `,`
        Comma = "COMMA" / "comma",
        /// `;`, as spreadsheets write it where numbers have a decimal comma.
        Semicolon = "SEMICOLON" / "semicolon",
        /// A tab.
        Tab = "TAB" / "tab",
        /// `|`
        Pipe = "PIPE" / "pipe",
    }
}

wire_enum! {
    /// How a source writes its characters.
    pub enum Encoding {
        /// UTF-8.
        Utf8 = "UTF8" / "utf8",
        /// Windows-1251, Cyrillic.
        Windows1251 = "WINDOWS1251" / "windows1251",
        /// Windows-1252, Western European.
        Windows1252 = "WINDOWS1252" / "windows1252",
        /// UTF-16; its byte order mark tells which; without one its first letters do, else it is little-endian.
        Utf16 = "UTF16" / "utf16",
    }
}

/// How a source is read: what was asked for, or what was found. Pinned in the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dialect {
    /// What separates cells; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// How characters are written.
    pub encoding: Encoding,
    /// UTF-16 with the higher byte first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub big_endian: bool,
}

wire_enum! {
    /// What happens to the platform's rows when the resource is deleted.
    pub enum DeletionPolicy {
        /// The rows stay and are adopted when a resource of the same name is applied again.
        Retain = "RETAIN" / "retain",
        /// Rows and platform-written objects are deleted.
        Delete = "DELETE" / "delete",
    }
}

/// Longest key in bytes; object stores take no longer ones.
const MAX_KEY: usize = 1024;

/// `s3://bucket/key`, split and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUri {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, without a leading slash.
    pub key: String,
}

/// Why a text is no usable source URI. The message names the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUriError(pub String);

impl fmt::Display for SourceUriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceUriError {}

impl SourceUri {
    /// Parses `s3://bucket/key`; refuses empty, `.`, `..` and percent-encoded segments, which could
    /// step out of a tenant's prefix, and a key that no object can have.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what a URI looks like.
    pub fn parse(text: &str) -> Result<Self, SourceUriError> {
        let refuse = |why: &str| {
            Err(SourceUriError(format!(
                "source.uri {why}; write it as s3://bucket/path/file.csv"
            )))
        };
        let Some(rest) = text.strip_prefix("s3://") else {
            return refuse("does not begin with s3://");
        };
        let Some((bucket, key)) = rest.split_once('/') else {
            return refuse("names no object");
        };
        // What stands here becomes part of a host's name or of a path.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !(3..=255).contains(&bucket.len()) || !bucket.chars().all(plain) {
            return refuse(
                "has a bucket name that is not of 3 to 255 letters, digits, \".\", \"_\" and \"-\"",
            );
        }
        if let Some(why) = unusable_key(key) {
            return refuse(why);
        }
        if key.contains(['%', '\\', '?', '#']) {
            return refuse(ENCODED);
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

const ENCODED: &str = "has an encoded or control character";

/// Why a key is none that the platform reads, whoever named it: it has no plain segments, or is longer than an object store
/// takes it.
#[must_use]
pub fn unusable_key(key: &str) -> Option<&'static str> {
    let is_step = |segment| matches!(segment, "" | "." | "..");
    match () {
        () if key.split('/').any(is_step) => Some("has an empty, \".\" or \"..\" path segment"),
        () if key.chars().any(char::is_control) => Some(ENCODED),
        () if key.len() > MAX_KEY => {
            Some("has a path of more than 1024 bytes, which no object can have")
        }
        () => None,
    }
}

impl fmt::Display for SourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_format_also_when_compressed() {
        for (name, format) in [
            ("a.csv", Some(TableFormat::Csv)),
            ("s3://b/a.CSV.GZ", Some(TableFormat::Csv)),
            ("a.jsonl.zst", Some(TableFormat::Jsonl)),
            ("a.ndjson.gz", Some(TableFormat::Jsonl)),
            ("a.gz", None),
            ("a.csv.gz.gz", None),
            ("a.csv.zip", None),
        ] {
            assert_eq!(TableFormat::from_extension(name), format, "{name}");
        }
    }

    #[test]
    fn a_folder_and_nothing_else_ends_in_a_slash() {
        let (csv, files) = (SourceFormat::Csv, SourceFormat::Files);
        for (said, uri, format) in [
            (None, "s3://b/a.csv", Some(csv)),
            (None, "s3://b/a/", Some(files)),
            (Some(files), "s3://b/a/", Some(files)),
            (Some(files), "s3://b/a", None),
            (None, "s3://b/a.ZIP", Some(files)),
            (Some(csv), "s3://b/a.zip", None),
            (Some(csv), "s3://b/a/", None),
            (Some(csv), "s3://b/a.txt", Some(csv)),
            (None, "s3://b/a.txt", None),
            (Some(SourceFormat::Inbox), "", Some(SourceFormat::Inbox)),
            (Some(SourceFormat::Inbox), "s3://b/a/", None),
            (Some(csv), "", None),
        ] {
            assert_eq!(SourceFormat::of(said, uri).ok(), format, "{said:?} {uri}");
        }
    }

    #[test]
    fn a_uri_is_split_into_bucket_and_key() {
        let uri = SourceUri::parse("s3://datacrowd/team-a/items.csv").unwrap();
        assert_eq!(
            (uri.bucket.as_str(), uri.key.as_str()),
            ("datacrowd", "team-a/items.csv")
        );
    }

    #[test]
    fn a_key_is_as_long_as_an_object_store_takes_it() {
        let uri = |key: String| SourceUri::parse(&format!("s3://bucket/{key}"));
        assert!(uri("k".repeat(1024)).is_ok());
        let refused = uri("k".repeat(1025)).unwrap_err().to_string();
        assert!(refused.contains("more than 1024 bytes"), "{refused}");
        assert!(uri("\u{e4}".repeat(512)).is_ok());
        assert!(uri("\u{e4}".repeat(513)).is_err(), "bytes, not characters");
    }

    #[test]
    fn paths_that_could_leave_the_prefix_are_refused() {
        for bad in [
            "http://x/y",
            "s3://datacrowd",
            "s3://datacrowd/",
            "s3://b/a",
            "s3://bucket/a/../b",
            "s3://bucket/a//b",
            "s3://bucket/a/%2e%2e/b",
            "s3://user@bucket/a",
        ] {
            assert!(SourceUri::parse(bad).is_err(), "{bad}");
        }
    }
}
