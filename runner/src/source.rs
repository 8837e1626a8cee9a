//! The source object as one unbroken stream of bytes, however often the connection breaks.
//!
//! The object is pinned: every request carries `If-Match`, so bytes of two versions never mix. What is read from its
//! first byte to its last is hashed, and compared where the hash is known: an ETag is the store's word only.

mod endpoint;
mod location;
mod own_bucket;
mod sigv4;

use std::{
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use datacrowd_job::{
    halt::Halt,
    http::{IDLE, error_code},
    retry::{Backoff, RetryPolicy},
};
use datacrowd_protocol::run::RunReason;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_RANGE, ETAG, IF_MATCH, RANGE},
};
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

pub use location::Location;
pub use own_bucket::{Keys, OwnBucket};

/// Pieces that wait for the parser. One is at most what the HTTP client buffers, some 400 KiB.
const PIECES: usize = 8;
/// Refusals in a row, each answered with a fresh URL, after which the source counts as forbidden.
pub(crate) const REFUSALS: u32 = 3;

/// A piece of the source, or its end. A closed channel is neither: the reader was dropped.
pub type Piece = Result<Option<Bytes>, Halt>;

/// SHA-256 of a source in hexadecimal, once it was read from its first byte to its last.
pub type Digest = Arc<OnceLock<String>>;

/// Reads one pinned object from an offset to its end.
pub struct Source {
    /// For requests to the object store.
    pub http: reqwest::Client,
    /// Where the object is.
    pub location: Location,
    /// The pinned version; the first answer's when absent.
    pub etag: Option<String>,
    /// Size of the object; the first answer's when absent.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal, when it is known.
    pub sha256: Option<String>,
    /// Where the hash of a whole read goes.
    pub digest: Digest,
    /// The next byte.
    pub at: u64,
    /// How long to go on without progress.
    pub retry_policy: RetryPolicy,
}

/// Why one connection ended.
enum Broken {
    /// Worth another connection.
    Lost(String),
    /// The signature was refused or has expired.
    Refused(String),
    /// Not worth another connection.
    For(Halt),
    /// Nobody reads any more.
    Unheard,
}

impl Source {
    /// Reads in the background until the end, a failure, or the drop of the handle.
    pub fn start(self) -> (mpsc::Receiver<Piece>, AbortOnDropHandle<()>) {
        let (pieces, receiver) = mpsc::channel(PIECES);
        let task = tokio::spawn(self.run(pieces).in_current_span());
        (receiver, AbortOnDropHandle::new(task))
    }

    async fn run(mut self, pieces: mpsc::Sender<Piece>) {
        let end = match self.read_all(&pieces).await {
            Ok(()) => Ok(None),
            Err(Broken::For(halt)) => Err(halt),
            Err(Broken::Lost(why) | Broken::Refused(why)) => Err(Halt::TryAgain(why)),
            Err(Broken::Unheard) => return,
        };
        // A reader that has gone needs no end.
        let _ = pieces.send(end).await;
    }

    async fn read_all(&mut self, pieces: &mpsc::Sender<Piece>) -> Result<(), Broken> {
        let mut backoff = self.retry_policy.start();
        let mut refusals = 0;
        // A read that begins in the middle has no hash to compare.
        let mut hash = (self.at == 0).then(Sha256::new);
        while self.size.is_none_or(|size| self.at < size) {
            let before = self.at;
            let span = tracing::error_span!(
                "read source",
                otel.kind = "client",
                otel.status_code = tracing::field::Empty,
                offset = self.at
            );
            let broken = match self.read(pieces, &mut hash).instrument(span.clone()).await {
                Ok(ControlFlow::Continue(())) => Ok(()),
                Ok(ControlFlow::Break(())) => break,
                Err(broken) => {
                    span.record("otel.status_code", "ERROR");
                    Err(broken)
                }
            };
            drop(span);
            if self.at > before {
                backoff.reset();
                refusals = 0;
            }
            match broken {
                Ok(()) => {}
                Err(Broken::Lost(why)) => self.wait(&mut backoff, why).await?,
                Err(Broken::Refused(code)) => {
                    refusals += 1;
                    if refusals >= REFUSALS {
                        return Err(Broken::For(self.location.forbidden(&code)));
                    }
                    self.wait(&mut backoff, format!("refused: {code}")).await?;
                    self.location.renew().await.map_err(Broken::For)?;
                }
                Err(broken) => return Err(broken),
            }
        }
        self.compare(hash)
    }

    /// The end of the object: what was read whole must be what was accepted.
    fn compare(&self, hash: Option<Sha256>) -> Result<(), Broken> {
        let Some(hash) = hash else { return Ok(()) };
        let read = hex::encode(hash.finalize());
        if self.sha256.as_ref().is_some_and(|known| *known != read) {
            return Err(Broken::For(changed(self.location.uri())));
        }
        // Set by an earlier read of this pod: it was of the same pinned object.
        let _ = self.digest.set(read);
        Ok(())
    }

    async fn wait(&self, backoff: &mut Backoff, why: String) -> Result<(), Broken> {
        if backoff.wait("reading the source", &why).await {
            return Ok(());
        }
        let uri = self.location.uri();
        Err(Broken::For(Halt::TryAgain(format!(
            "Cannot read {uri}: {why}"
        ))))
    }

    /// Reads over one connection what it brings; breaks where there is no next byte.
    async fn read(
        &mut self,
        pieces: &mpsc::Sender<Piece>,
        hash: &mut Option<Sha256>,
    ) -> Result<ControlFlow<()>, Broken> {
        let Some(response) = self.connect().await? else {
            return Ok(ControlFlow::Break(()));
        };
        self.pump(response, pieces, hash).await?;
        Ok(ControlFlow::Continue(()))
    }

    /// Opens a connection at the next byte; `None` when there is no next byte.
    async fn connect(&mut self) -> Result<Option<Response>, Broken> {
        let url = self.location.url().map_err(Broken::For)?;
        let mut request = self
            .http
            .get(url)
            .header(RANGE, format!("bytes={}-", self.at));
        if let Some(etag) = &self.etag {
            request = request.header(IF_MATCH, etag);
        }
        let response = timeout(IDLE, request.send())
            .await
            .map_err(|_| Broken::Lost("no answer".to_owned()))?
            .map_err(|error| match endpoint::refusal(&error) {
                Some(refusal) => Broken::For(refusal),
                None => Broken::Lost(datacrowd_job::http::chain(&error)),
            })?;
        let changed = || Broken::For(changed(self.location.uri()));
        match response.status() {
            StatusCode::PARTIAL_CONTENT | StatusCode::OK => {}
            StatusCode::RANGE_NOT_SATISFIABLE if self.at == 0 => return Ok(None),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let total = response.headers().get(CONTENT_RANGE);
                let total = total
                    .and_then(|value| value.to_str().ok()?.strip_prefix("bytes */")?.parse().ok());
                return if total == Some(self.at) {
                    Ok(None)
                } else {
                    Err(changed())
                };
            }
            StatusCode::PRECONDITION_FAILED => return Err(changed()),
            StatusCode::NOT_FOUND => return Err(Broken::For(not_found(self.location.uri()))),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Broken::Refused(error_code(response).await));
            }
            status if status.is_redirection() => {
                return Err(Broken::For(self.location.elsewhere(&response)));
            }
            status => return Err(Broken::Lost(status.to_string())),
        }
        self.check(&response)?;
        Ok(Some(response))
    }

    /// Compares what the answer says of the object with what is known, and learns what is not.
    fn check(&mut self, response: &Response) -> Result<(), Broken> {
        let (start, total) = range_of(response);
        if start != self.at {
            return Err(Broken::Lost(format!(
                "the object store answered from byte {start} instead of {}",
                self.at
            )));
        }
        let header = |name| response.headers().get(name)?.to_str().ok();
        let etag = header(ETAG).map(str::to_owned);
        let other_size = self.size.is_some() && total.is_some() && self.size != total;
        let other_etag = self.etag.is_some() && etag.is_some() && self.etag != etag;
        if other_size || other_etag {
            return Err(Broken::For(changed(self.location.uri())));
        }
        self.size = self.size.or(total);
        self.etag = self.etag.take().or(etag);
        Ok(())
    }

    /// Hands on what the connection brings.
    async fn pump(
        &mut self,
        mut response: Response,
        pieces: &mpsc::Sender<Piece>,
        hash: &mut Option<Sha256>,
    ) -> Result<(), Broken> {
        loop {
            let piece = timeout(IDLE, response.chunk())
                .await
                .map_err(|_| Broken::Lost("the connection fell silent".to_owned()))?
                .map_err(|error| Broken::Lost(datacrowd_job::http::chain(&error)))?;
            let Some(piece) = piece else {
                let size = *self.size.get_or_insert(self.at);
                return if self.at < size {
                    Err(Broken::Lost(format!(
                        "ended {} bytes early",
                        size - self.at
                    )))
                } else {
                    Ok(())
                };
            };
            self.at += piece.len() as u64;
            if self.size.is_some_and(|size| self.at > size) {
                return Err(Broken::For(changed(self.location.uri())));
            }
            if let Some(hash) = hash {
                hash.update(&piece);
            }
            pieces
                .send(Ok(Some(piece)))
                .await
                .map_err(|_| Broken::Unheard)?;
        }
    }
}

/// First byte of an answer, and the object's size when it says so.
fn range_of(response: &Response) -> (u64, Option<u64>) {
    if response.status() == StatusCode::OK {
        return (0, response.content_length());
    }
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok()?.strip_prefix("bytes "));
    let Some((range, total)) = range.and_then(|range| range.split_once('/')) else {
        return (u64::MAX, None);
    };
    let start = range.split('-').next().and_then(|start| start.parse().ok());
    (start.unwrap_or(u64::MAX), total.parse().ok())
}

/// The platform's store keeps an object of its own bucket back; `code` is what it says.
pub(crate) fn kept_back(uri: &str, code: &str) -> Halt {
    Halt::failed(
        RunReason::SourceForbidden,
        format!(
            "The object store refuses to give out {uri} ({code}); check the platform's rights on its bucket."
        ),
    )
}

fn changed(uri: &str) -> Halt {
    Halt::failed(
        RunReason::SourceChanged,
        format!(
            "{uri} is no longer the object that was accepted; create a new Dataset for the new file."
        ),
    )
}

pub(crate) fn not_found(uri: &str) -> Halt {
    Halt::failed(
        RunReason::SourceNotFound,
        format!(
            "{uri} does not exist; upload the file, or create a Dataset with the right source.uri."
        ),
    )
}
