//! The directory of an archive, and what it may say.

use std::collections::HashSet;

use datacrowd_job::halt::Halt;
use datacrowd_protocol::source::unusable_key;
use rc_zip::{
    fsm::{ArchiveFsm, FsmResult},
    parse::{Entry, EntryKind, Method},
};
use unicode_normalization::UnicodeNormalization as _;

use super::bad;
use crate::source::Source;

/// Most files of an archive.
const MOST_ENTRIES: usize = 50_000;
/// Most bytes of its directory, which is held in memory.
const MOST_DIRECTORY: u64 = 8 * 1024 * 1024;
/// Most bytes of one file: what an object store takes at once.
const MOST_FILE: u64 = 5 * 1024 * 1024 * 1024;
/// Most bytes of all files.
const MOST_TOTAL: u64 = 256 * 1024 * 1024 * 1024;
/// Beyond this many bytes, a file that has more than [`MOST_RATIO`] times its packed size is a bomb.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
const MOST_RATIO: u64 = 250;
/// Most folders within each other.
const MOST_DEPTH: usize = 32;
/// The flag of what is encrypted.
const ENCRYPTED: u16 = 1;

/// A file that is unpacked.
pub(super) struct Unpacked {
    /// Its path, with composed letters (NFC).
    pub name: String,
    pub entry: Entry,
}

impl Unpacked {
    /// Its size once unpacked.
    pub fn size(&self) -> u64 {
        self.entry.uncompressed_size
    }
}

/// Reads the directory at the archive's end.
///
/// # Errors
/// It is no archive, or out of reach.
pub(super) async fn read(size: u64, source: &impl Fn(u64) -> Source) -> Result<Vec<Entry>, Halt> {
    let no_zip = || bad("is no zip, or is cut off");
    let mut reader = ArchiveFsm::new(size);
    let mut taken = 0;
    loop {
        if let Some(at) = reader.wants_read() {
            if at >= size {
                return Err(no_zip());
            }
            let (mut pieces, _reading) = source(at).start();
            let mut room = reader.space().len();
            while room > 0 {
                let Some(piece) = pieces.recv().await else {
                    return Err(Halt::TryAgain(
                        "the archive's reader has stopped".to_owned(),
                    ));
                };
                let Some(piece) = piece? else { break };
                let part = piece.len().min(room);
                reader.space()[..part].copy_from_slice(&piece[..part]);
                reader.fill(part);
                room -= part;
                taken += part as u64;
            }
            if taken > MOST_DIRECTORY {
                return Err(bad("has a directory of more than 8 MiB; split it"));
            }
        }
        // What parses bytes of a stranger may also panic on them.
        let step = tokio::task::spawn_blocking(move || reader.process());
        match step.await {
            Ok(Ok(FsmResult::Continue(next))) => reader = next,
            Ok(Ok(FsmResult::Done(archive))) => return Ok(archive.entries().cloned().collect()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the archive's directory cannot be read");
                return Err(no_zip());
            }
            Err(error) => {
                tracing::warn!(%error, "the archive's directory cannot be read");
                return Err(no_zip());
            }
        }
    }
}

/// The files of an archive, in the order of their names; or why it is refused, beginning with what it does.
pub(super) fn check(entries: Vec<Entry>, size: u64) -> Result<Vec<Unpacked>, String> {
    if entries.len() > MOST_ENTRIES {
        return Err(format!("has more than {MOST_ENTRIES} entries; split it"));
    }
    let mut files = Vec::new();
    for entry in entries {
        if let Some(file) = file(entry, size)? {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err("has no file".to_owned());
    }
    let total = files
        .iter()
        .fold(0_u64, |sum, file| sum.saturating_add(file.size()));
    if total > MOST_TOTAL {
        return Err("unpacks to more than 256 GiB; split it".to_owned());
    }
    refuse_overlaps(&files)?;
    let mut seen = HashSet::new();
    for file in &files {
        if !seen.insert(&file.name) {
            return Err(format!("has {} twice", shown(&file.name)));
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// An entry as a file; none when it is a folder, or what a system leaves in archives.
fn file(entry: Entry, size: u64) -> Result<Option<Unpacked>, String> {
    let name: String = entry.name.nfc().collect();
    let refused = |why: &str| Err(format!("has {}, which {why}", shown(&name)));
    let path = name.strip_suffix('/').unwrap_or(&name);
    if path.contains('\\') || unusable_key(path).is_some() {
        return refused(
            "is no plain path; names have no \\, no control character, and no empty, \".\" or \"..\" segment",
        );
    }
    match entry.kind() {
        EntryKind::Symlink => return refused("is a link"),
        EntryKind::Directory => return Ok(None),
        EntryKind::File if name.ends_with('/') => return Ok(None),
        EntryKind::File => {}
    }
    if is_litter(&name) {
        return Ok(None);
    }
    let (packed, unpacked) = (entry.compressed_size, entry.uncompressed_size);
    let is_beyond = entry
        .header_offset
        .checked_add(packed)
        .is_none_or(|end| end > size);
    match () {
        () if entry.flags & ENCRYPTED != 0 => refused("is encrypted"),
        () if !matches!(entry.method, Method::Store | Method::Deflate) => {
            refused("is packed in a way that is not read here; pack it with deflate")
        }
        () if name.matches('/').count() > MOST_DEPTH => refused("lies in more than 32 folders"),
        () if is_beyond => refused("lies beyond the archive's end"),
        () if unpacked > MOST_FILE => refused("unpacks to more than 5 GiB"),
        () if unpacked > FREE_BYTES && unpacked / MOST_RATIO > packed => {
            refused("unpacks to more than 250 times its size")
        }
        () => Ok(Some(Unpacked { name, entry })),
    }
}

/// What macOS and Windows put beside files.
fn is_litter(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    name.starts_with("__MACOSX/") || matches!(file, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

/// Entries that share bytes unpack to more than an archive of its size could hold.
fn refuse_overlaps(files: &[Unpacked]) -> Result<(), String> {
    let mut order: Vec<_> = files.iter().collect();
    order.sort_by_key(|file| file.entry.header_offset);
    let overlap = order.windows(2).find(|pair| {
        let [first, second] = pair else { return false };
        first.entry.header_offset + first.entry.compressed_size >= second.entry.header_offset
    });
    match overlap {
        Some([first, second]) => Err(format!(
            "has {} and {}, which share bytes",
            shown(&first.name),
            shown(&second.name)
        )),
        _ => Ok(()),
    }
}

/// A name as a message shows it.
fn shown(name: &str) -> String {
    let clean = name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    format!("\"{}\"", clean.take(120).collect::<String>())
}
