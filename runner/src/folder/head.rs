//! The first bytes of a file, through a URL that the platform signed.

use std::time::Duration;

use datacrowd_job::{halt::Halt, http::error_code, retry::RetryPolicy};
use reqwest::{
    StatusCode,
    header::{IF_MATCH, RANGE},
};
use tokio::time::timeout;

use crate::{
    Session,
    source::{REFUSALS, kept_back},
};

/// Time for a file's first bytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads first bytes.
#[derive(Clone)]
pub(super) struct Heads {
    http: reqwest::Client,
    retry_policy: RetryPolicy,
}

/// What one try came to.
enum Try {
    Read(Option<Vec<u8>>),
    /// Worth another try.
    Lost(String),
    Refused(String),
}

impl Heads {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            http: session.http.clone(),
            retry_policy: session.retry_policy,
        }
    }

    /// At most so many first bytes of the object, while it has this ETag; none when it is not there, or is another one.
    pub(super) async fn read(
        &self,
        uri: &str,
        url: &str,
        etag: Option<&str>,
        most: usize,
    ) -> Result<Option<Vec<u8>>, Halt> {
        let mut backoff = self.retry_policy.start();
        let mut refusals = 0;
        loop {
            let tried = timeout(PATIENCE, self.attempt(url, etag, most))
                .await
                .unwrap_or_else(|_| Try::Lost("timed out".to_owned()));
            let why = match tried {
                Try::Read(bytes) => return Ok(bytes),
                Try::Lost(why) => why,
                Try::Refused(code) => {
                    refusals += 1;
                    if refusals >= REFUSALS {
                        return Err(kept_back(uri, &code));
                    }
                    code
                }
            };
            if !backoff.wait("reading a file's first bytes", &why).await {
                return Err(Halt::TryAgain(format!("{uri} cannot be read: {why}")));
            }
        }
    }

    async fn attempt(&self, url: &str, etag: Option<&str>, most: usize) -> Try {
        let mut request = self
            .http
            .get(url)
            .header(RANGE, format!("bytes=0-{}", most - 1));
        if let Some(etag) = etag {
            request = request.header(IF_MATCH, etag);
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Try::Lost(datacrowd_job::http::chain(&error)),
        };
        match response.status() {
            StatusCode::PARTIAL_CONTENT | StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED => return Try::Read(None),
            StatusCode::RANGE_NOT_SATISFIABLE => return Try::Read(Some(Vec::new())),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Try::Refused(error_code(response).await);
            }
            status => return Try::Lost(status.to_string()),
        }
        let mut bytes = Vec::new();
        while bytes.len() < most {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    let room = most - bytes.len();
                    bytes.extend_from_slice(&piece[..piece.len().min(room)]);
                }
                Ok(None) => break,
                Err(error) => return Try::Lost(datacrowd_job::http::chain(&error)),
            }
        }
        Try::Read(Some(bytes))
    }
}
