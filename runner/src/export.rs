//! An exporting run: pages of approved answers → records → parts of one object.
//!
//! It keeps no checkpoint: the watermark fixes the bytes, so another pod writes the same parts again.

mod labels;
mod parts;
mod record;
mod table;

use datacrowd_job::{
    halt::{Counts, End, Halt},
    platform::PlatformError,
    session::{Finished, MOST_TAKEOVERS, fought_over},
};
use datacrowd_protocol::run::{ExportOpened, OpenRun};

use labels::Labels;
use parts::{Uploads, write_workers};
use record::Encoder;

use crate::{Session, calls};

/// Runs to the end, opening again whenever the run was lost.
pub async fn export(session: &Session) -> End {
    let mut counts = Counts::default();
    for _ in 0..MOST_TAKEOVERS {
        let opened = match session.open(None, |body| open(session, body)).await {
            Ok(opened) => opened,
            Err(halt) => return End::Halted(halt, counts),
        };
        if opened.completed {
            return End::AlreadyDone;
        }
        counts = Counts::default();
        let epoch = opened.epoch;
        let result = session
            .hold(epoch, write(session, opened, &mut counts))
            .await;
        if let Some(end) = session.conclude(epoch, result, counts).await {
            return end;
        }
        tracing::warn!("the run was taken over; opening again");
    }
    fought_over(counts)
}

async fn open(session: &Session, body: OpenRun) -> Result<ExportOpened, PlatformError> {
    session.platform.open(&body).await
}

/// Writes every page; the next one is fetched while one is encoded and a part is on its way.
async fn write(
    session: &Session,
    opened: ExportOpened,
    counts: &mut Counts,
) -> Result<Finished, Halt> {
    let ExportOpened {
        epoch, export_id, ..
    } = opened;
    let fetch = async |cursor: Option<String>| {
        let page = calls::answers(&session.platform, export_id, epoch, cursor.as_deref());
        page.await.map_err(Halt::from)
    };
    let mut uploads = Uploads::new(session, epoch);
    let labels = Labels::of(session, &opened).await?;
    let wants_workers = opened.consensus.as_ref().is_some_and(|c| c.workers);
    if let Some(labels) = labels.as_ref().filter(|_| wants_workers) {
        write_workers(session, epoch, labels.workers().into()).await?;
    }
    let mut encoder = Encoder::new(&opened, labels);
    let mut page = fetch(None).await?;
    loop {
        let next = page.next_cursor.take();
        let encoding = tokio::task::spawn_blocking(move || {
            encoder.write(&page.items);
            encoder
        });
        let following = match next {
            Some(cursor) => Some(fetch(Some(cursor)).await?),
            None => None,
        };
        encoder = encoding
            .await
            .map_err(|error| Halt::TryAgain(format!("the encoder died: {error}")))?;
        counts.rows = encoder.rows();
        while let Some(part) = encoder.full_part() {
            uploads.add(part).await?;
        }
        if session.stop.is_cancelled() {
            return Err(Halt::Stopped);
        }
        let Some(following) = following else { break };
        page = following;
    }
    let rest = encoder.rest();
    if !rest.is_empty() || uploads.is_empty() {
        uploads.add(rest).await?;
    }
    let (sha256, size_bytes) = encoder.digest();
    Ok(Finished {
        counts: *counts,
        sha256: Some(sha256),
        size_bytes: Some(size_bytes),
        parts: uploads.finish().await?,
    })
}
