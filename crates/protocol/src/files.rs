//! A folder as a source: which of its files become tasks, and what else a task has of them. No I/O.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{labeling::DataType, wire_enum};

/// The column that names the file itself: what is shown as an image, audio or video.
pub const FILE_COLUMN: &str = "file";
/// The columns that every file of a folder has, in their order.
pub const FILE_COLUMNS: [&str; 5] = [FILE_COLUMN, "name", "sizeBytes", "mediaType", "etag"];
/// Those that an image has besides.
pub const IMAGE_COLUMNS: [&str; 2] = ["width", "height"];
/// The column that the text of a `.txt` companion goes into.
pub const TEXT_COLUMN: &str = "text";
/// Most patterns of a list.
pub const MOST_PATTERNS: usize = 20;
/// Most bytes of a pattern.
pub const MOST_PATTERN_BYTES: usize = 256;

wire_enum! {
    /// Files that lie beside the one they tell of.
    pub enum Companions {
        /// `a.json` and `a.txt` belong to `a.wav`: the members of the one and the text of the other become columns.
        SameStem = "SAME_STEM" / "same_stem",
    }
}

/// Which files of a folder become tasks. A pattern without a slash is held against a file's own name, in whatever
/// folder it is; one with a slash against the path below the source, where `*` stands within a name and `**` for any folders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// Only files that one of these matches; all when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// No file that one of these matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Files that become columns of another one's task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Companions>,
}

/// A pattern that is none. `Display` says what one looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// `include` or `exclude`.
    pub member: &'static str,
    /// What is wrong, and what to write.
    pub why: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source.{} {}", self.member, self.why)
    }
}

impl std::error::Error for PatternError {}

/// A selection, ready to be asked.
#[derive(Debug, Clone)]
pub struct Patterns {
    include: Option<GlobSet>,
    exclude: GlobSet,
    companions: Option<Companions>,
}

impl Selection {
    /// Reads the patterns.
    ///
    /// # Errors
    /// One is none, or there are too many.
    pub fn patterns(&self) -> Result<Patterns, PatternError> {
        let include = globs("include", &self.include)?;
        Ok(Patterns {
            include: (!self.include.is_empty()).then_some(include),
            exclude: globs("exclude", &self.exclude)?,
            companions: self.companions,
        })
    }
}

fn globs(member: &'static str, patterns: &[String]) -> Result<GlobSet, PatternError> {
    let refused = |why: String| PatternError { member, why };
    if patterns.len() > MOST_PATTERNS {
        let why = format!("has more than {MOST_PATTERNS} patterns; join some, as in *.{{wav,mp3}}");
        return Err(refused(why));
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let none = || {
            refused(format!(
                "has \"{}\", which is no pattern; write one such as *.wav, *.{{jpg,png}} or 2026/**",
                pattern.chars().take(80).collect::<String>()
            ))
        };
        if pattern.is_empty() || pattern.len() > MOST_PATTERN_BYTES || pattern.starts_with('/') {
            return Err(none());
        }
        let anywhere = match pattern.contains('/') {
            true => pattern.clone(),
            false => format!("**/{pattern}"),
        };
        let mut glob = GlobBuilder::new(&anywhere);
        set.add(glob.literal_separator(true).build().map_err(|_| none())?);
    }
    set.build()
        .map_err(|_| refused("has patterns that are too large together; shorten them".to_owned()))
}

impl Patterns {
    /// Whether the file of this path below the folder becomes a task.
    #[must_use]
    pub fn select(&self, name: &str) -> bool {
        let is_companion =
            self.companions.is_some() && COMPANIONS.iter().any(|end| name.ends_with(end));
        !is_companion
            // What a console or a mounted bucket writes for an empty folder.
            && !name.ends_with('/')
            && self.include.as_ref().is_none_or(|set| set.is_match(name))
            && !self.exclude.is_match(name)
    }
}

/// Why no file of a folder can have the columns that a project needs; none when it can.
#[must_use]
pub fn lacking(required: &[String], companions: bool) -> Option<String> {
    let has = |column: &str| FILE_COLUMNS.contains(&column) || IMAGE_COLUMNS.contains(&column);
    let lacking = required.iter().find(|column| !has(column))?;
    (!companions).then(|| {
        format!(
            "has no column \"{lacking}\", which the project needs: a folder's files have {}. Show one of these in the project, or set companions and put a .json (or, for \"{TEXT_COLUMN}\", a .txt) beside each file",
            FILE_COLUMNS.join(", ")
        )
    })
}

/// How the names of companions end, exactly so: objects are looked up by their names.
const COMPANIONS: [&str; 2] = [".json", ".txt"];

/// The paths of the companions that a file may have: `.json`, then `.txt`.
#[must_use]
pub fn companions_of(name: &str) -> [String; 2] {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    let stem = match name[file..].rfind('.') {
        Some(dot) if dot > 0 => &name[..file + dot],
        _ => name,
    };
    COMPANIONS.map(|end| format!("{stem}{end}"))
}

/// What a generating runner needs to know of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FolderOpened {
    /// As what the project shows [`FILE_COLUMN`]; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<DataType>,
    /// Whether files may have companions.
    #[serde(default)]
    pub companions: bool,
}

/// `POST /internal/runs/{id}/files`: the next files of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilesRequest {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// The key behind which to go on; from the first one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of a folder, in the order of keys. It may be empty though another one follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FilesPage {
    /// Files that become tasks.
    pub files: Vec<ListedFile>,
    /// The last key that was looked at; absent when it was the folder's last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedFile {
    /// Its key in the bucket.
    pub key: String,
    /// Its path below the folder.
    pub name: String,
    /// `s3://bucket/key`
    pub uri: String,
    /// Its size in bytes.
    #[serde(deserialize_with = "crate::range::count")]
    pub size_bytes: i64,
    /// Its ETag, with quotes.
    pub etag: String,
    /// Presigned GET; absent where no link can hold its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Presigned GETs of where its companions would be: `.json`, then `.txt`; none when there are none to look for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<String>,
}

/// Most entries of an archive that are asked for at once.
pub const MOST_ENTRIES_AT_ONCE: usize = 100;

/// `POST /internal/runs/{id}/entries`: where do these files of the archive go?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntriesRequest {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// At most [`MOST_ENTRIES_AT_ONCE`].
    pub entries: Vec<NamedEntry>,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedEntry {
    /// Its path within the archive.
    pub name: String,
    /// Its size once unpacked.
    #[serde(deserialize_with = "crate::range::count")]
    pub size_bytes: i64,
}

/// Where entries go, in the order in which they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryPlaces {
    /// One for each.
    pub places: Vec<EntryPlace>,
}

/// Where an entry goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryPlace {
    /// Presigned PUT; absent when an object of this size is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str]) -> Selection {
        let owned = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect();
        Selection {
            include: owned(include),
            exclude: owned(exclude),
            companions: None,
        }
    }

    #[test]
    fn the_table_of_patterns_holds() {
        for (include, exclude, selected, left) in [
            (
                &[][..],
                &[][..],
                &["a.wav", "d/a", ".hidden"][..],
                &["d/"][..],
            ),
            (
                &["*.wav"],
                &[],
                &["a.wav", "d/e/a.wav"],
                &["a.WAV", "a.mp3", "wav"],
            ),
            (
                &["*.{wav,mp3}"],
                &["b*"],
                &["a.mp3", "d/a.wav"],
                &["d/b.mp3"],
            ),
            (
                &["2026/*.wav"],
                &[],
                &["2026/a.wav"],
                &["2026/d/a.wav", "a.wav"],
            ),
            (
                &["2026/**"],
                &["**/old/**"],
                &["2026/d/a.wav"],
                &["2026/old/a.wav", "a"],
            ),
            (&["[ab].png"], &[], &["a.png"], &["c.png"]),
            (&["100% #?.png"], &[], &["100% #1.png"], &["100.png"]),
        ] {
            let patterns = selection(include, exclude).patterns().unwrap();
            for name in selected {
                assert!(patterns.select(name), "{include:?} {exclude:?} {name}");
            }
            for name in left {
                assert!(!patterns.select(name), "{include:?} {exclude:?} {name}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_by_its_name() {
        let long = "a".repeat(MOST_PATTERN_BYTES + 1);
        for pattern in ["", "[a", "/a", "{a", long.as_str()] {
            let error = selection(&[], &[pattern]).patterns().unwrap_err();
            assert_eq!(error.member, "exclude");
            assert!(error.why.contains("no pattern; write one"), "{error}");
        }
        let many = vec!["a"; MOST_PATTERNS + 1];
        let error = selection(&many, &[]).patterns().unwrap_err().to_string();
        assert!(error.contains("source.include has more than 20"), "{error}");
    }

    #[test]
    fn companions_are_no_tasks_and_lie_beside_their_file() {
        let with = Selection {
            companions: Some(Companions::SameStem),
            ..Selection::default()
        };
        let patterns = with.patterns().unwrap();
        assert!(patterns.select("a.wav") && patterns.select("a.TXT"));
        assert!(!patterns.select("d/a.json") && !patterns.select("a.txt"));
        for (name, json) in [
            ("a.wav", "a.json"),
            ("d.e/a.b.wav", "d.e/a.b.json"),
            ("d.e/a", "d.e/a.json"),
            ("d/.wav", "d/.wav.json"),
        ] {
            assert_eq!(companions_of(name)[0], json, "{name}");
        }
    }
}
