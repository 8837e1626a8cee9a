//! One entry: from the archive, unpacked, to its object.

use std::io;

use bytes::{Buf as _, Bytes};
use datacrowd_job::{halt::Halt, http::error_code, retry::RetryPolicy};
use rc_zip::fsm::{EntryFsm, FsmResult};
use reqwest::{Body, StatusCode, header::CONTENT_LENGTH};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{bad, directory::Unpacked};
use crate::source::{Piece, Source};

/// Bytes that are unpacked at once.
const STEP: usize = 256 * 1024;
/// Unpacked pieces that wait for the object store.
const WAITING: usize = 4;

/// Unpacks entries.
pub(super) struct Unpacking<'a, S> {
    pub http: &'a reqwest::Client,
    pub source: &'a S,
    pub retry_policy: RetryPolicy,
}

/// Why one try ended.
enum Broken {
    Lost(String),
    For(Halt),
}

impl<S: Fn(u64) -> Source> Unpacking<'_, S> {
    /// Unpacks one entry into the object behind the URL.
    pub(super) async fn run(&self, entry: &Unpacked, url: String) -> Result<(), Halt> {
        let mut backoff = self.retry_policy.start();
        loop {
            let why = match self.attempt(entry, &url).await {
                Ok(()) => return Ok(()),
                Err(Broken::For(halt)) => return Err(halt),
                Err(Broken::Lost(why)) => why,
            };
            if !backoff.wait("unpacking an entry", &why).await {
                return Err(Halt::TryAgain(format!(
                    "\"{}\" cannot be stored: {why}",
                    entry.name
                )));
            }
        }
    }

    async fn attempt(&self, entry: &Unpacked, url: &str) -> Result<(), Broken> {
        let (pieces, reading) = (self.source)(entry.entry.header_offset).start();
        let (out, unpacked) = mpsc::channel(WAITING);
        let inflate = inflate(entry.entry.clone(), pieces, out);
        let unpacking = AbortOnDropHandle::new(tokio::spawn(inflate.in_current_span()));
        let body = futures::stream::unfold(unpacked, |mut unpacked| async {
            Some((unpacked.recv().await?, unpacked))
        });
        let put = self
            .http
            .put(url)
            .header(CONTENT_LENGTH, entry.size())
            .body(Body::wrap_stream(body))
            .send()
            .await;
        let end = unpacking
            .await
            .map_err(|error| Broken::For(damaged(entry, &error)))?;
        drop(reading);
        // What is wrong with the archive comes before what came of it.
        match end {
            Err(Unpackable::Damaged(error)) => return Err(Broken::For(damaged(entry, &error))),
            Err(Unpackable::Source(halt)) => return Err(Broken::For(halt)),
            // The store went away: it says why.
            Err(Unpackable::Unheard) | Ok(()) => {}
        }
        let response = put.map_err(|error| Broken::Lost(datacrowd_job::http::chain(&error)))?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            _ => Err(Broken::Lost(error_code(response).await)),
        }
    }
}

fn damaged(entry: &Unpacked, error: &dyn std::fmt::Display) -> Halt {
    tracing::warn!(%error, entry = entry.name, "an entry cannot be unpacked");
    bad(format!("has \"{}\", which is damaged", entry.name))
}

/// Why no more is unpacked.
enum Unpackable {
    Damaged(String),
    Source(Halt),
    /// Nobody takes what is unpacked.
    Unheard,
}

/// Unpacks an entry piece by piece, and holds it to the size and the checksum that the archive gives.
async fn inflate(
    entry: rc_zip::parse::Entry,
    mut pieces: mpsc::Receiver<Piece>,
    out: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), Unpackable> {
    let end = async {
        let size = entry.uncompressed_size;
        let mut reader = EntryFsm::new(Some(entry), None);
        let mut held = Bytes::new();
        // Whether the archive has no more.
        let mut is_read = false;
        let mut step = vec![0; STEP];
        let mut written = 0_u64;
        loop {
            if held.is_empty() && !is_read && reader.wants_read() {
                match next(&mut pieces).await? {
                    Some(piece) => held = piece,
                    None => is_read = true,
                }
            }
            if reader.wants_read() {
                let space = reader.space();
                let part = space.len().min(held.len());
                space[..part].copy_from_slice(&held[..part]);
                reader.fill(part);
                held.advance(part);
            }
            match reader.process(&mut step) {
                Ok(FsmResult::Continue((next, outcome))) => {
                    reader = next;
                    if is_read && outcome.bytes_read == 0 && outcome.bytes_written == 0 {
                        return Err(Unpackable::Damaged("ends too early".to_owned()));
                    }
                    written += outcome.bytes_written as u64;
                    if written > size {
                        return Err(Unpackable::Damaged("longer than it says".to_owned()));
                    }
                    if outcome.bytes_written > 0 {
                        let piece = Bytes::copy_from_slice(&step[..outcome.bytes_written]);
                        out.send(Ok(piece)).await.map_err(|_| Unpackable::Unheard)?;
                    }
                }
                Ok(FsmResult::Done(_)) if written == size => return Ok(()),
                Ok(FsmResult::Done(_)) => {
                    return Err(Unpackable::Damaged("shorter than it says".to_owned()));
                }
                Err(error) => return Err(Unpackable::Damaged(error.to_string())),
            }
        }
    };
    let end = end.await;
    if end.is_err() {
        // Breaks the request off: half an object is none.
        let _ = out
            .send(Err(io::Error::other("the entry cannot be unpacked")))
            .await;
    }
    end
}

/// The archive's next bytes; none behind its last one, where an entry may still have unpacked bytes to give.
async fn next(pieces: &mut mpsc::Receiver<Piece>) -> Result<Option<Bytes>, Unpackable> {
    match pieces.recv().await {
        Some(Ok(piece)) => Ok(piece),
        Some(Err(halt)) => Err(Unpackable::Source(halt)),
        None => Ok(None),
    }
}
