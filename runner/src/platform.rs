//! The typed client of the platform's internal API. It repeats what may be repeated and names the rest.

mod call;

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use datacrowd_protocol::{
    chunk::ChunkLoaded,
    export::{ExportPage, LabelPage},
    files::{EntriesRequest, EntryPlaces, FilesPage, FilesRequest},
    ids::{DatasetId, ExportId, RunId},
    names::{EPOCH_HEADER, RUN_ID_HEADER},
    run::{
        CompleteRun, EpochOnly, ExportOpened, GenerateOpened, OpenRun, PartRequest, PartUrl,
        RunReason, SourceUrl,
    },
};
use reqwest::{Method, RequestBuilder, Url};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{halt::Halt, retry::RetryPolicy};

const SHORT: Duration = Duration::from_secs(15);
/// A chunk is one transaction of 5,000 rows; a page one query.
const LONG: Duration = Duration::from_secs(60);

/// What the platform answers when it does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// 409: another opener holds the run.
    #[error("the run is held by another pod")]
    Held {
        /// When to ask again.
        retry_after: Option<Duration>,
    },
    /// 402: quota took only this many rows of the chunk.
    #[error("{message}")]
    Quota {
        /// Rows of the chunk that were loaded, replays included.
        accepted: i64,
        /// The platform's sentence.
        message: String,
    },
    /// 404 or 410.
    #[error("the run or what it works on no longer exists")]
    Gone,
    /// 401 or 403, several times.
    #[error("{0}")]
    Forbidden(String),
    /// Any other refusal: runner and platform do not understand each other.
    #[error("{0}")]
    Refused(String),
    /// No answer, or none that helps, for as long as the retry policy allows.
    #[error("{0}")]
    Unreachable(String),
}

impl From<PlatformError> for Halt {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Held { .. } => Self::Fenced,
            PlatformError::Gone => Self::Gone,
            PlatformError::Forbidden(why) => Self::Forbidden(why),
            PlatformError::Quota { message, .. } => Self::failed(RunReason::QuotaExceeded, message),
            PlatformError::Refused(why) => Self::failed(RunReason::Misconfigured, why),
            PlatformError::Unreachable(why) => Self::TryAgain(why),
        }
    }
}

type Answer<T> = Result<T, PlatformError>;

/// The internal API as one run sees it.
pub struct Platform {
    http: reqwest::Client,
    base: Url,
    token_file: PathBuf,
    run: RunId,
    correlation_id: String,
    retry_policy: RetryPolicy,
    last_answer: Mutex<Instant>,
}

impl Platform {
    /// A client for `run`; `base` is the platform's internal address.
    #[must_use]
    pub fn new(
        http: reqwest::Client,
        base: Url,
        token_file: PathBuf,
        run: RunId,
        correlation_id: String,
        retry_policy: RetryPolicy,
    ) -> Self {
        Self {
            http,
            base,
            token_file,
            run,
            correlation_id,
            retry_policy,
            last_answer: Mutex::new(Instant::now()),
        }
    }

    /// Takes a generating run over.
    ///
    /// # Errors
    /// [`PlatformError::Held`] while another pod is alive.
    pub async fn open_generate(&self, body: &OpenRun) -> Answer<GenerateOpened> {
        self.post(&self.run_path("open"), body, SHORT).await
    }

    /// Takes an exporting run over.
    ///
    /// # Errors
    /// [`PlatformError::Held`] while another pod is alive.
    pub async fn open_export(&self, body: &OpenRun) -> Answer<ExportOpened> {
        self.post(&self.run_path("open"), body, SHORT).await
    }

    /// Says that this opener is alive.
    ///
    /// # Errors
    /// [`PlatformError::Held`] when it no longer holds the run.
    pub async fn heartbeat(&self, epoch: i64) -> Answer<()> {
        let path = self.run_path("heartbeat");
        self.send(&path, || {
            Ok(self
                .request(Method::POST, &path, SHORT)?
                .json(&EpochOnly { epoch }))
        })
        .await
        .map(drop)
    }

    /// A fresh presigned URL of the source.
    ///
    /// # Errors
    /// As for every call.
    pub async fn source_url(&self, epoch: i64) -> Answer<SourceUrl> {
        self.post(&self.run_path("source-url"), &EpochOnly { epoch }, SHORT)
            .await
    }

    /// The next files of the folder, behind a key.
    ///
    /// # Errors
    /// As for every call.
    pub async fn files(&self, epoch: i64, after: Option<String>) -> Answer<FilesPage> {
        self.post(
            &self.run_path("files"),
            &FilesRequest { epoch, after },
            LONG,
        )
        .await
    }

    /// Where files of an archive go.
    ///
    /// # Errors
    /// As for every call.
    pub async fn entries(&self, request: &EntriesRequest) -> Answer<EntryPlaces> {
        self.post(&self.run_path("entries"), request, LONG).await
    }

    /// Loads a chunk. Repeating it is harmless: rows are keyed by their number.
    ///
    /// # Errors
    /// [`PlatformError::Quota`] when the project's quota ended within it.
    pub async fn load_chunk(
        &self,
        dataset: DatasetId,
        epoch: i64,
        body: &Bytes,
    ) -> Answer<ChunkLoaded> {
        let path = format!("internal/datasets/{dataset}/tasks");
        let answer = self
            .send(&path, || {
                Ok(self
                    .request(Method::POST, &path, LONG)?
                    .header(RUN_ID_HEADER, self.run.to_string())
                    .header(EPOCH_HEADER, epoch)
                    .header(reqwest::header::CONTENT_TYPE, "application/x-ndjson")
                    .body(body.clone()))
            })
            .await?;
        call::decode(&path, &answer)
    }

    /// A page of approved answers.
    ///
    /// # Errors
    /// As for every call.
    pub async fn answers(
        &self,
        export: ExportId,
        epoch: i64,
        cursor: Option<&str>,
    ) -> Answer<ExportPage> {
        self.page(&format!("internal/exports/{export}/answers"), epoch, cursor)
            .await
    }

    /// A page of what workers said in the field that gets a consensus.
    ///
    /// # Errors
    /// As for every call.
    pub async fn labels(
        &self,
        export: ExportId,
        epoch: i64,
        cursor: Option<&str>,
    ) -> Answer<LabelPage> {
        self.page(&format!("internal/exports/{export}/labels"), epoch, cursor)
            .await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        epoch: i64,
        cursor: Option<&str>,
    ) -> Answer<T> {
        let mut url = self.url(path)?;
        url.query_pairs_mut()
            .append_pair("runId", &self.run.to_string())
            .append_pair("epoch", &epoch.to_string())
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let answer = self
            .send(path, || Ok(self.http.get(url.clone()).timeout(LONG)))
            .await?;
        call::decode(path, &answer)
    }

    /// Where a part of the export goes.
    ///
    /// # Errors
    /// As for every call.
    pub async fn part_url(&self, epoch: i64, part_number: i32) -> Answer<PartUrl> {
        self.post(
            &self.run_path("parts"),
            &PartRequest { epoch, part_number },
            SHORT,
        )
        .await
    }

    /// Where what is told of each worker goes.
    ///
    /// # Errors
    /// As for every call.
    pub async fn workers_url(&self, epoch: i64) -> Answer<PartUrl> {
        self.post(&self.run_path("workers"), &EpochOnly { epoch }, SHORT)
            .await
    }

    /// Reports the run's end.
    ///
    /// # Errors
    /// As for every call.
    pub async fn complete(&self, body: &CompleteRun) -> Answer<()> {
        let path = self.run_path("complete");
        self.send(&path, || {
            Ok(self.request(Method::POST, &path, LONG)?.json(body))
        })
        .await
        .map(drop)
    }

    /// When the platform last answered anything: while that is recent, no heartbeat is needed.
    pub fn last_answer(&self) -> Instant {
        *self
            .last_answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run_path(&self, operation: &str) -> String {
        format!("internal/runs/{}/{operation}", self.run)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Answer<T> {
        let answer = self
            .send(path, || {
                Ok(self.request(Method::POST, path, timeout)?.json(body))
            })
            .await?;
        call::decode(path, &answer)
    }

    fn url(&self, path: &str) -> Answer<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{path}"))
            .map_err(|error| PlatformError::Refused(format!("{base}/{path} is no URL: {error}")))
    }

    fn request(&self, method: Method, path: &str, timeout: Duration) -> Answer<RequestBuilder> {
        Ok(self.http.request(method, self.url(path)?).timeout(timeout))
    }
}
