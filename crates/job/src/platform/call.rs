//! One call: token, tries, and what each status means.

use std::time::Duration;

use bytes::Bytes;
use datacrowd_protocol::{names::CORRELATION_HEADER, problem::Problem};
use datacrowd_telemetry::TRACEPARENT;
use reqwest::{RequestBuilder, StatusCode, header::RETRY_AFTER};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use super::{Answer, Platform, PlatformError};

/// Code of the platform's answer when its object store refuses it.
const STORE_REFUSED: &str = "object_store_refused";

/// What one try came to.
enum Try {
    Answered(Bytes),
    /// Worth another try.
    Again {
        why: String,
        retry_after: Option<Duration>,
        /// Somebody has to set something right, unless it was about to be.
        is_refusal: bool,
    },
    /// The token was refused: it may just have been rotated.
    Unauthorized(String),
    Refused(PlatformError),
}

impl Platform {
    /// Repeats the request that `build` makes until it is answered for good.
    ///
    /// # Errors
    /// As for every call.
    pub async fn send(
        &self,
        path: &str,
        build: impl Fn() -> Answer<RequestBuilder>,
    ) -> Answer<Bytes> {
        let mut backoff = self.retry_policy.start();
        let mut refusals = 0;
        loop {
            let (why, asked, is_refusal) = match self.traced_attempt(path, build()?).await {
                Try::Answered(body) => return Ok(body),
                Try::Refused(error) => return Err(error),
                Try::Unauthorized(why) => {
                    refusals += 1;
                    if refusals >= self.retry_policy.refusals {
                        return Err(PlatformError::Forbidden(why));
                    }
                    (why, None, false)
                }
                Try::Again {
                    why,
                    retry_after,
                    is_refusal,
                } => (why, retry_after, is_refusal),
            };
            let Some(wait) = backoff.next(asked) else {
                let why = format!("The platform did not do {path}: {why}");
                return Err(match is_refusal {
                    true => PlatformError::Refused(why),
                    false => PlatformError::Unreachable(why),
                });
            };
            tracing::warn!(
                call = path,
                error = why,
                wait_ms = wait.as_millis(),
                "call is repeated"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// One try, as a span of its own: the wait for the next one is not in it.
    async fn traced_attempt(&self, path: &str, request: RequestBuilder) -> Try {
        let span = tracing::error_span!(
            "platform call",
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            call = path
        );
        let came_to = self.attempt(request, &span).instrument(span.clone()).await;
        if !matches!(came_to, Try::Answered(_)) {
            span.record("otel.status_code", "ERROR");
        }
        came_to
    }

    async fn attempt(&self, mut request: RequestBuilder, span: &Span) -> Try {
        if let Some(parent) = datacrowd_telemetry::traceparent(span) {
            request = request.header(TRACEPARENT, parent);
        }
        let token = match tokio::fs::read_to_string(&self.token_file).await {
            Ok(token) => token,
            Err(error) => {
                let file = self.token_file.display();
                return Try::Unauthorized(format!("cannot read the token in {file}: {error}"));
            }
        };
        let answer = request
            .bearer_auth(token.trim())
            .header(CORRELATION_HEADER, &self.correlation_id)
            .send()
            .await;
        let response = match answer {
            Ok(response) => response,
            Err(error) => return again(&error),
        };
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return again(&error),
        };
        if !status.is_server_error() {
            self.note_answer();
        }
        judge(status, retry_after, body)
    }

    fn note_answer(&self) {
        let mut last = self
            .last_answer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = Instant::now();
    }
}

fn again(error: &reqwest::Error) -> Try {
    Try::Again {
        why: crate::http::chain(error),
        retry_after: None,
        is_refusal: false,
    }
}

fn judge(status: StatusCode, retry_after: Option<Duration>, body: Bytes) -> Try {
    if status.is_success() {
        return Try::Answered(body);
    }
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let message = problem
        .as_ref()
        .map_or_else(|| status.to_string(), |problem| problem.message.clone());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Try::Unauthorized(message),
        StatusCode::PAYMENT_REQUIRED => Try::Refused(PlatformError::Quota {
            accepted: problem
                .and_then(|problem| problem.details.get("accepted")?.as_i64())
                .unwrap_or(0),
            message,
        }),
        StatusCode::NOT_FOUND | StatusCode::GONE => Try::Refused(PlatformError::Gone),
        StatusCode::CONFLICT => Try::Refused(PlatformError::Held { retry_after }),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Try::Again {
            why: message,
            retry_after,
            is_refusal: false,
        },
        _ if status.is_server_error() => Try::Again {
            why: message,
            retry_after,
            is_refusal: problem.is_some_and(|problem| problem.code == STORE_REFUSED),
        },
        _ => Try::Refused(PlatformError::Refused(format!(
            "The platform refused the request of a Job ({status}): {message} Check that the Job's image and the API server are of the same release."
        ))),
    }
}

/// Reads an answer.
///
/// # Errors
/// It is not of the type that was expected.
pub fn decode<T: DeserializeOwned>(path: &str, body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body).map_err(|error| {
        // What the parser says is for who reads logs; the message is for a tenant.
        tracing::error!(call = path, %error, "an answer of the platform cannot be read");
        PlatformError::Refused(format!(
            "The platform's answer to {path} cannot be read. Check that the Job's image and the API server are of the same release."
        ))
    })
}
