//! Chunks to the platform, one after the other: while it loads one, the next is on its way and the one after it is made.

use std::sync::Arc;

use datacrowd_job::{
    halt::{Counts, Halt},
    platform::{Answer, PlatformError},
};
use datacrowd_protocol::{
    chunk::{Checkpoint, ChunkLoaded},
    run::GenerateOpened,
};
use tokio::sync::SetOnce;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::begin::{counts_at, position};
use crate::{
    Session, calls,
    cut::{Chunk, Cutter},
    folder::Folder,
};

/// How often the platform may stand elsewhere than the chunk it loaded, without moving.
const MOST_STANDSTILLS: usize = 3;

/// Where chunks come from. The next one is made while the one before is on its way.
pub(super) trait Chunks: Sized + Send + 'static {
    /// What was read so far.
    fn counts(&self) -> Counts;
    /// Makes the next chunk, and comes back with it.
    fn next(self) -> Making<Self>;
}

pub(super) type Making<C> = AbortOnDropHandle<(C, Result<Option<Chunk>, Halt>)>;

impl Chunks for Cutter {
    fn counts(&self) -> Counts {
        Cutter::counts(self)
    }

    /// On a thread of its own.
    fn next(mut self) -> Making<Self> {
        AbortOnDropHandle::new(tokio::task::spawn_blocking(move || {
            let chunk = self.next_chunk();
            (self, chunk)
        }))
    }
}

impl Chunks for Folder {
    fn counts(&self) -> Counts {
        Folder::counts(self)
    }

    fn next(mut self) -> Making<Self> {
        let making = async move {
            let chunk = self.next_chunk().await;
            (self, chunk)
        };
        AbortOnDropHandle::new(tokio::spawn(making.in_current_span()))
    }
}

/// Loads everything behind the checkpoint; the platform's word on where that is counts. `from` makes what begins at a
/// checkpoint, and what has to live as long as it.
pub(super) async fn load<C: Chunks, G>(
    session: &Session,
    opened: &GenerateOpened,
    counts: &mut Counts,
    from: impl AsyncFn(&Checkpoint) -> Result<(C, G), Halt>,
) -> Result<Counts, Halt> {
    let mut checkpoint = opened.checkpoint.clone();
    for _ in 0..MOST_STANDSTILLS {
        let (chunks, guard) = from(&checkpoint).await?;
        let loaded = load_from(session, opened, chunks, counts).await;
        drop(guard);
        match loaded? {
            Loaded::Everything(counts) => return Ok(counts),
            Loaded::UpTo(moved) => checkpoint = moved,
        }
        tracing::warn!(
            offset = checkpoint.offset,
            "the platform's checkpoint differs; going on from there"
        );
    }
    Err(Halt::TryAgain(
        "The platform's checkpoint does not follow the chunks it loads.".to_owned(),
    ))
}

enum Loaded {
    Everything(Counts),
    UpTo(Checkpoint),
}

/// A chunk on its way: the platform reads it while it loads the one before, and has its end when it is let go.
struct Sent {
    chunk: Chunk,
    let_go: Arc<SetOnce<()>>,
    answer: AbortOnDropHandle<Answer<ChunkLoaded>>,
}

impl Sent {
    fn send(session: &Session, opened: &GenerateOpened, chunk: Chunk) -> Self {
        let let_go = Arc::new(SetOnce::new());
        let loading = calls::load_chunk(
            Arc::clone(&session.platform),
            (opened.dataset_id, opened.epoch),
            chunk.body.clone(),
            Arc::clone(&let_go),
        );
        let answer = AbortOnDropHandle::new(tokio::spawn(loading.in_current_span()));
        Self {
            chunk,
            let_go,
            answer,
        }
    }

    /// The one before is loaded. Tries that were spent on waiting for that are none of this chunk's.
    fn let_go(self, session: &Session, opened: &GenerateOpened) -> Self {
        let sent = match self.answer.is_finished() {
            true => Self::send(session, opened, self.chunk),
            false => self,
        };
        // Nobody else sets it.
        let _ = sent.let_go.set(());
        sent
    }

    /// Waits for its answer; the checkpoint where that is not the chunk's end.
    async fn loaded(self, counts: &mut Counts) -> Result<Option<Checkpoint>, Halt> {
        let answer = self
            .answer
            .await
            .map_err(|error| Halt::TryAgain(format!("sending a chunk died: {error}")))?;
        if let Err(PlatformError::Quota { accepted, .. }) = &answer {
            counts.rows += accepted;
        }
        let loaded = answer?;
        *counts = counts_at(&loaded.checkpoint);
        tracing::info!(
            inserted = loaded.inserted,
            skipped = loaded.skipped,
            offset = loaded.checkpoint.offset,
            rows = counts.rows,
            rejected = counts.rejected,
            "chunk loaded"
        );
        let (at, end) = (position(&loaded.checkpoint), self.chunk.end);
        let elsewhere = (at.offset, at.row) != (end.offset, end.row);
        Ok(elsewhere.then_some(loaded.checkpoint))
    }
}

async fn load_from<C: Chunks>(
    session: &Session,
    opened: &GenerateOpened,
    chunks: C,
    counts: &mut Counts,
) -> Result<Loaded, Halt> {
    let mut making = chunks.next();
    let mut before: Option<Sent> = None;
    loop {
        let (chunks, chunk) = tokio::select! {
            made = &mut making => made.map_err(|error| Halt::TryAgain(format!("the parser died: {error}")))?,
            () = session.stop.cancelled() => {
                loaded(before, counts).await?;
                return Err(Halt::Stopped);
            }
        };
        let read = chunks.counts();
        let next = chunk.map(|chunk| {
            chunk.map(|chunk| {
                making = chunks.next();
                Sent::send(session, opened, chunk)
            })
        });
        if let Some(elsewhere) = loaded(before, counts).await? {
            return Ok(Loaded::UpTo(elsewhere));
        }
        let Some(next) = next.inspect_err(|_| *counts = read)? else {
            return Ok(Loaded::Everything(read));
        };
        if session.stop.is_cancelled() {
            return Err(Halt::Stopped);
        }
        before = Some(next.let_go(session, opened));
    }
}

/// Waits until the chunk before, if any, is loaded; the checkpoint where that is not its end.
async fn loaded(before: Option<Sent>, counts: &mut Counts) -> Result<Option<Checkpoint>, Halt> {
    match before {
        Some(before) => before.loaded(counts).await,
        None => Ok(None),
    }
}
