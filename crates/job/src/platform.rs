//! The client of the platform's internal API: what every run calls, and what its own calls are made of. It repeats what
//! may be repeated and names the rest.

mod call;

pub use call::decode;

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use datacrowd_protocol::{
    ids::RunId,
    run::{CompleteRun, EpochOnly, OpenRun, RunReason},
};
use reqwest::{Method, RequestBuilder, Url};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{halt::Halt, retry::RetryPolicy};

/// Time for a call that looks something up.
pub const SHORT: Duration = Duration::from_secs(15);
/// Time for a call that carries much: a chunk is one transaction of 5,000 rows, a page one query.
pub const LONG: Duration = Duration::from_mins(1);

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
    /// Any other refusal: Job and platform do not understand each other.
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

/// What a call comes to.
pub type Answer<T> = Result<T, PlatformError>;

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

    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Takes the run over.
    ///
    /// # Errors
    /// [`PlatformError::Held`] while another pod is alive.
    pub async fn open<T: DeserializeOwned>(&self, body: &OpenRun) -> Answer<T> {
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

    /// The path of one of the run's operations.
    #[must_use]
    pub fn run_path(&self, operation: &str) -> String {
        format!("internal/runs/{}/{operation}", self.run)
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// As for every call.
    pub async fn post<T: DeserializeOwned>(
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
        decode(path, &answer)
    }

    fn url(&self, path: &str) -> Answer<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{path}"))
            .map_err(|error| PlatformError::Refused(format!("{base}/{path} is no URL: {error}")))
    }

    /// A request for a path of the internal API, which [`Self::send`] completes.
    ///
    /// # Errors
    /// The path is none.
    pub fn request(&self, method: Method, path: &str, timeout: Duration) -> Answer<RequestBuilder> {
        Ok(self.http.request(method, self.url(path)?).timeout(timeout))
    }
}
