//! A folder as a source: its files in the order of their keys, each one row.
//!
//! The platform lists and signs, page by page; this pod looks at each file's first bytes and at what lies beside it. The
//! checkpoint holds the last key, so a resumed run lists behind it.

mod companion;
mod head;
mod look;

use std::{borrow::Cow, sync::Arc, time::Duration};

use datacrowd_job::{
    halt::{Counts, Halt},
    platform::Platform,
};
use datacrowd_protocol::{
    chunk::{Checkpoint, ChunkHeader, MAX_CHUNK_BYTES},
    files::{FILE_COLUMNS, FolderOpened, ListedFile, lacking},
    run::{GenerateOpened, RunReason},
    source::TableFormat,
};
use datacrowd_records::{Begin, Options, Position, Record, Records};
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use self::{head::Heads, look::Look};
use crate::{
    Session, calls,
    cut::{Chunk, Refusals, write_row},
    unpack::unreadable,
};

/// Files that are looked at at once.
const AT_ONCE: usize = 16;
/// How old a page may grow: well below the life of the URLs that it holds.
const STALE: Duration = Duration::from_mins(5);

/// Files that the platform listed and that are no rows yet.
struct Page {
    files: std::vec::IntoIter<ListedFile>,
    listed_at: Instant,
    /// Where the next page begins; none behind the last one.
    next: Option<String>,
}

/// Makes chunks of a folder's files.
pub struct Folder {
    platform: Arc<Platform>,
    look: Look,
    epoch: i64,
    uri: String,
    page: Option<Page>,
    /// The last key that is a row.
    after: Option<String>,
    /// Number of the next row.
    row: u64,
    records: Records,
    refusals: Refusals,
}

impl Folder {
    /// Begins behind the checkpoint's last key.
    ///
    /// # Errors
    /// The project needs columns that no folder has.
    pub fn begin(
        session: &Session,
        opened: &GenerateOpened,
        folder: &FolderOpened,
        checkpoint: &Checkpoint,
        refusals: Refusals,
    ) -> Result<Self, Halt> {
        if let Some(why) = lacking(&opened.required_columns, folder.companions) {
            let message = format!("{} {why}, in a new Dataset.", opened.source_uri);
            return Err(Halt::failed(RunReason::BadInput, message));
        }
        Ok(Self {
            platform: Arc::clone(&session.platform),
            look: Look {
                heads: Heads::new(session),
                shown: folder.shown,
            },
            epoch: opened.epoch,
            uri: opened.source_uri.clone(),
            page: None,
            after: checkpoint.after.clone(),
            row: u64::try_from(checkpoint.next_row).unwrap_or(1).max(1),
            records: records(opened, checkpoint)?,
            refusals,
        })
    }

    /// Files that became rows, and those that were refused.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            rows: i64::try_from(self.row - 1).unwrap_or(i64::MAX),
            rejected: self.refusals.count,
            blank: 0,
        }
    }

    /// The next chunk, or `None` behind the last file. As for a file of rows, a chunk with one refused row too many is still
    /// given out.
    ///
    /// # Errors
    /// The folder cannot be read, or has too many refused files, or none that is of use.
    pub async fn next_chunk(&mut self) -> Result<Option<Chunk>, Halt> {
        if let Some(halt) = self.refusals.too_many() {
            return Err(halt);
        }
        let mut rows = Vec::new();
        while rows.is_empty() {
            let Some(page) = self.page().await? else {
                return self.nothing_left();
            };
            self.add_rows(page, &mut rows).await?;
        }
        let mut body = serde_json::to_vec(&ChunkHeader {
            next_line: i64::try_from(self.row).unwrap_or(i64::MAX),
            columns: self.records.columns().to_vec(),
            ..ChunkHeader::default()
        })
        .expect("texts and numbers always serialise");
        body.push(b'\n');
        body.append(&mut rows);
        Ok(Some(Chunk {
            body: body.into(),
            end: behind(self.row - 1),
        }))
    }

    /// What is left of this page, or else the next one; none behind the last.
    async fn page(&mut self) -> Result<Option<Page>, Halt> {
        let after = match self.page.take() {
            Some(page) if !page.files.as_slice().is_empty() => {
                if page.listed_at.elapsed() < STALE {
                    return Ok(Some(page));
                }
                self.after.clone()
            }
            Some(page) => match page.next {
                Some(next) => Some(next),
                None => return Ok(None),
            },
            None => self.after.clone(),
        };
        let listed = calls::files(&self.platform, self.epoch, after).await?;
        Ok(Some(Page {
            files: listed.files.into_iter(),
            listed_at: Instant::now(),
            next: listed.next,
        }))
    }

    /// Makes rows of a page until the chunk is full; keeps what is left of it.
    async fn add_rows(&mut self, mut page: Page, rows: &mut Vec<u8>) -> Result<(), Halt> {
        let look = self.look.clone();
        let files: Vec<_> = page.files.as_slice().to_vec();
        let mut looked = stream::iter(files)
            .map(|file| {
                let look = look.clone();
                async move { look.at(&file).await }
            })
            .buffered(AT_ONCE);
        while rows.len() < MAX_CHUNK_BYTES && page.listed_at.elapsed() < STALE {
            let Some(seen) = looked.next().await else {
                break;
            };
            let seen = seen?;
            let Some(file) = page.files.next() else { break };
            self.add(&file, seen, rows)?;
            if self.refusals.too_many().is_some() {
                break;
            }
        }
        self.page = Some(page);
        Ok(())
    }

    /// One file: its columns as a line of JSON, which the reader of JSON lines takes or refuses as it would any.
    fn add(
        &mut self,
        file: &ListedFile,
        seen: Result<String, String>,
        rows: &mut Vec<u8>,
    ) -> Result<(), Halt> {
        let (row, end) = (self.row, behind(self.row));
        let payload = match &seen {
            Ok(line) => {
                let record = self
                    .records
                    .next(&mut line.as_bytes())
                    .map_err(unreadable)?;
                let whole = || Halt::TryAgain("the row of a file was not whole".to_owned());
                record.ok_or_else(whole)?.payload
            }
            Err(why) => Err(Cow::Borrowed(why.as_str())),
        };
        let record = Record {
            row,
            line: row,
            end,
            blank_before: 0,
            payload: payload.map_err(|why| Cow::Owned(format!("{} {why}", shown_name(&file.name)))),
        };
        write_row(&record, Some(&file.key), rows, &mut self.refusals);
        self.after = Some(file.key.clone());
        self.row += 1;
        Ok(())
    }

    fn nothing_left(&self) -> Result<Option<Chunk>, Halt> {
        let counts = self.counts();
        if counts.rows > counts.rejected {
            return Ok(None);
        }
        let message = match counts.rejected {
            0 => format!(
                "No file below {} is one that becomes a task; upload files there and retry, or correct source.include and source.exclude in a new Dataset.",
                self.uri
            ),
            refused => format!(
                "No file could be used, {refused} of {refused} were refused{}. Correct the files in a folder of their own, and name it in a new Dataset.",
                self.refusals.first_reason()
            ),
        };
        Err(Halt::failed(RunReason::BadInput, message))
    }
}

/// A long path, by its end.
fn shown_name(name: &str) -> String {
    const MOST: usize = 80;
    let length = name.chars().count();
    let clean = name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    match length <= MOST {
        true => clean.collect(),
        false => std::iter::once('\u{2026}')
            .chain(clean.skip(length - MOST))
            .collect(),
    }
}

/// Behind a row: files are counted where a file of rows counts bytes and lines.
fn behind(row: u64) -> Position {
    Position {
        offset: row,
        row: row + 1,
        line: row + 1,
    }
}

/// The reader that each file's line goes through. It begins behind a first row, since what it says of a first one is for
/// files of rows.
fn records(opened: &GenerateOpened, checkpoint: &Checkpoint) -> Result<Records, Halt> {
    let options = Options {
        required: opened.required_columns.clone(),
        main: opened.main_column.clone(),
        ..Options::new(TableFormat::Jsonl)
    };
    let columns = match checkpoint.columns.is_empty() {
        true => FILE_COLUMNS.map(str::to_owned).to_vec(),
        false => checkpoint.columns.clone(),
    };
    let begin = Begin {
        at: behind(1),
        header: None,
        dialect: None,
        columns,
    };
    Records::new(&options, begin).map_err(unreadable)
}
