//! Uploads the parts of one object: one is on its way while the next one fills.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use datacrowd_job::{halt::Halt, platform::Platform, retry::RetryPolicy};
use datacrowd_protocol::run::{RunReason, UploadedPart};
use reqwest::{StatusCode, header::ETAG};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::{Session, calls};

/// Size of every part but the last.
pub(super) const PART_BYTES: usize = 8 * 1024 * 1024;
/// S3 takes no more.
const MOST_PARTS: i32 = 10_000;
/// A part at 80 KiB/s.
const TIMEOUT: Duration = Duration::from_mins(2);
/// Refusals of fresh URLs after which the object store means it.
const REFUSALS: u32 = 3;

/// The parts so far, and the one on its way.
pub(super) struct Uploads {
    to: Destination,
    done: Vec<UploadedPart>,
    under_way: Option<AbortOnDropHandle<Result<UploadedPart, Halt>>>,
    count: i32,
}

impl Uploads {
    pub(super) fn new(session: &Session, epoch: i64) -> Self {
        Self {
            to: Destination::new(session, epoch),
            done: Vec::new(),
            under_way: None,
            count: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Waits for the part before, then sends this one in the background.
    pub(super) async fn add(&mut self, bytes: Bytes) -> Result<(), Halt> {
        self.settle().await?;
        self.count += 1;
        if self.count > MOST_PARTS {
            return Err(Halt::failed(
                RunReason::Misconfigured,
                "The export is larger than 10,000 parts of 8 MiB; export the datasets one by one, or use \"since\".",
            ));
        }
        let upload = self.to.clone().upload(self.count, bytes).in_current_span();
        self.under_way = Some(AbortOnDropHandle::new(tokio::spawn(upload)));
        Ok(())
    }

    /// All parts, in order.
    pub(super) async fn finish(mut self) -> Result<Vec<UploadedPart>, Halt> {
        self.settle().await?;
        Ok(self.done)
    }

    async fn settle(&mut self) -> Result<(), Halt> {
        if let Some(upload) = self.under_way.take() {
            let part = upload
                .await
                .map_err(|error| Halt::TryAgain(format!("an upload died: {error}")))?;
            self.done.push(part?);
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Destination {
    platform: Arc<Platform>,
    http: reqwest::Client,
    retry_policy: RetryPolicy,
    epoch: i64,
}

/// Writes what is told of each worker beside the file, whole: a worker takes some 200 bytes.
pub(super) async fn write_workers(session: &Session, epoch: i64, bytes: Bytes) -> Result<(), Halt> {
    let to = Destination::new(session, epoch);
    to.put(Piece::Workers, bytes).await.map(drop)
}

/// What is written at once.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Part(i32),
    Workers,
}

impl Destination {
    fn new(session: &Session, epoch: i64) -> Self {
        Self {
            platform: Arc::clone(&session.platform),
            http: session.http.clone(),
            retry_policy: session.retry_policy,
            epoch,
        }
    }

    async fn upload(self, part_number: i32, bytes: Bytes) -> Result<UploadedPart, Halt> {
        let etag = self.put(Piece::Part(part_number), bytes).await?;
        Ok(UploadedPart { part_number, etag })
    }

    async fn url(&self, piece: Piece) -> Result<String, Halt> {
        let to = match piece {
            Piece::Part(number) => calls::part_url(&self.platform, self.epoch, number).await?,
            Piece::Workers => calls::workers_url(&self.platform, self.epoch).await?,
        };
        Ok(to.url)
    }

    /// The ETag of what was written.
    async fn put(&self, piece: Piece, bytes: Bytes) -> Result<String, Halt> {
        let mut backoff = self.retry_policy.start();
        let mut refusals = 0;
        loop {
            // A URL is asked for at every try, so that none is old.
            let url = self.url(piece).await?;
            let put = self.http.put(url).timeout(TIMEOUT).body(bytes.clone());
            let span = tracing::error_span!("write part", otel.kind = "client", ?piece);
            let why = match put.send().instrument(span).await {
                Err(error) => datacrowd_job::http::chain(&error),
                Ok(response) => match (response.status(), response.headers().get(ETAG)) {
                    (StatusCode::OK, Some(etag)) => {
                        tracing::info!(?piece, bytes = bytes.len(), "part uploaded");
                        return Ok(String::from_utf8_lossy(etag.as_bytes()).into_owned());
                    }
                    (StatusCode::OK, None) => "the object store returned no ETag".to_owned(),
                    (status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), _) => {
                        refusals += 1;
                        if refusals >= REFUSALS {
                            return Err(refused(status));
                        }
                        status.to_string()
                    }
                    (status, _) => status.to_string(),
                },
            };
            if !backoff.wait("sending a part", &why).await {
                return Err(Halt::TryAgain(format!("Cannot upload {piece:?}: {why}")));
            }
        }
    }
}

fn refused(status: StatusCode) -> Halt {
    Halt::failed(
        RunReason::Misconfigured,
        format!(
            "The object store refuses the platform's signed upload ({status}); check the platform's keys, its clock and its rights on the bucket."
        ),
    )
}
