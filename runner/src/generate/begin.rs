//! Where a run goes on: from the platform's checkpoint to a source and a cutter that stand there. Pure, but for the source's first request.

use datacrowd_job::halt::{Counts, Halt};
use datacrowd_protocol::{
    chunk::Checkpoint,
    run::{GenerateOpened, RunReason},
    source::{Delimiter, Encoding, TableFormat},
};
use datacrowd_records::{Begin, Options, Position, Records};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    Session,
    cut::{Cutter, Refusals},
    source::{Digest, Location, Source},
    unpack::{Text, unreadable},
};

/// Reads ahead of the cutter; ends with this value.
pub(super) type Reader = AbortOnDropHandle<()>;

/// The object from a byte on.
pub(super) fn source(
    session: &Session,
    opened: &GenerateOpened,
    location: Location,
    digest: &Digest,
    at: u64,
) -> Source {
    Source {
        http: location.http(&session.http),
        location,
        etag: opened.etag.clone(),
        size: opened.size_bytes.and_then(|size| u64::try_from(size).ok()),
        sha256: opened.sha256.clone(),
        digest: Digest::clone(digest),
        at,
        retry_policy: session.retry_policy,
    }
}

/// Starts to read at the checkpoint.
pub(super) fn begin(
    opened: &GenerateOpened,
    source: Source,
    checkpoint: &Checkpoint,
) -> Result<(Cutter, Reader), Halt> {
    let start = position(checkpoint);
    let format = opened.format.table().ok_or_else(|| {
        Halt::failed(
            RunReason::Misconfigured,
            "The platform sent a folder as if it were a file. Check that runner and API server are of the same release.",
        )
    })?;
    let records = Records::new(
        &options(opened, format),
        Begin {
            at: start,
            header: checkpoint.header.clone(),
            dialect: checkpoint.dialect,
            columns: checkpoint.columns.clone(),
        },
    )
    .map_err(unreadable)?;
    let from_start = source.at == 0;
    let (pieces, reader) = source.start();
    let text = match from_start {
        true => Text::new(pieces, start.offset),
        false => Text::plain(pieces),
    };
    let refusals = refusals(opened, checkpoint);
    Ok((Cutter::new(records, text, refusals), reader))
}

/// What was refused before the checkpoint.
pub(super) fn refusals(opened: &GenerateOpened, checkpoint: &Checkpoint) -> Refusals {
    Refusals {
        of_files: opened.folder.is_some(),
        most: opened.max_invalid_rows,
        count: checkpoint.rejected,
        first: checkpoint.rejected_rows.first().cloned(),
        blank: checkpoint.blank,
    }
}

/// How the platform says that the source is written.
fn options(opened: &GenerateOpened, format: TableFormat) -> Options {
    Options {
        delimiter: opened.delimiter.unwrap_or(Delimiter::Comma),
        encoding: opened.encoding.unwrap_or(Encoding::Utf8),
        multiline: opened.multiline,
        required: opened.required_columns.clone(),
        main: opened.main_column.clone(),
        ..Options::new(format)
    }
}

/// A checkpoint that was never written counts rows and lines from 0, or not at all.
pub(super) fn position(checkpoint: &Checkpoint) -> Position {
    let at_least = |value: i64, least: u64| u64::try_from(value).unwrap_or(0).max(least);
    Position {
        offset: at_least(checkpoint.offset, 0),
        row: at_least(checkpoint.next_row, 1),
        line: at_least(checkpoint.next_line, 1),
    }
}

pub(super) fn counts_at(checkpoint: &Checkpoint) -> Counts {
    Counts {
        rows: (checkpoint.next_row - 1).max(0),
        rejected: checkpoint.rejected,
        blank: checkpoint.blank,
    }
}
