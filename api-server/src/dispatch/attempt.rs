//! One attempt to tell an endpoint of an event.

use std::{error::Error as StdError, io, time::Duration};

use anyhow::Context;
use datacrowd_notifications::{ATTEMPT_TIME, Attempted, Due, verdict};
use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use standardwebhooks::Webhook;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::egress::{Egress, Refused};

/// Bytes of an answer that are kept.
const KEPT: usize = 20_000;
const CLOUD_EVENT: &str = "application/cloudevents+json; charset=utf-8";

/// Makes attempts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    egress: Egress,
}

impl Sender {
    /// One that reaches what `egress` admits.
    ///
    /// # Errors
    /// TLS cannot be had.
    pub fn new(egress: Egress) -> anyhow::Result<Self> {
        let client = Client::builder()
            .dns_resolver(std::sync::Arc::new(egress.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(ATTEMPT_TIME)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("DataCrowd-Lab/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing to call webhooks")?;
        Ok(Self { client, egress })
    }

    /// Makes an attempt that began at this time, in seconds since 1970, and judges it.
    pub async fn attempt(&self, due: Due, began: i64) -> Attempted {
        let clock = Instant::now();
        let heard = self.post(&due, began, clock + ATTEMPT_TIME).await;
        let (status, retry_after) = match &heard {
            Ok(heard) => (Some(heard.status.as_u16()), heard.retry_after),
            Err(_) => (None, None),
        };
        let (answer, failure) = match heard {
            Ok(heard) => (Some(heard.answer), refusal(heard.status)),
            Err(failure) => (None, Some(failure)),
        };
        Attempted {
            delivery: due.delivery,
            begun: due.begun,
            endpoint: due.endpoint,
            took: clock.elapsed(),
            status,
            answer,
            failure,
            verdict: verdict(due.nth, status, retry_after, rand::random()),
        }
    }

    async fn post(&self, due: &Due, began: i64, end: Instant) -> Result<Heard, String> {
        let url =
            Url::parse(&due.url).map_err(|_| "The address is none; correct it.".to_owned())?;
        let checked = self.egress.check_literal(url.host().as_ref());
        checked.map_err(|refused| refused.to_string())?;
        let id = due.event.id().to_string();
        let body = serde_json::to_vec(&due.event)
            .map_err(|_| "The event cannot be written as JSON; tell the operator.".to_owned())?;
        let signature = signature(&due.secrets, &id, began, &body).ok_or_else(|| {
            "The secret of this endpoint cannot be opened; make a new one with POST /webhook-endpoints/{id}/secret.".to_owned()
        })?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, CLOUD_EVENT)
            .header("webhook-id", id)
            .header("webhook-timestamp", began.to_string())
            .header("webhook-signature", signature)
            .body(body);
        match timeout_at(end, request.send()).await {
            Ok(Ok(response)) => Ok(Heard::read(response, end).await),
            Ok(Err(error)) => Err(in_words(&error)),
            Err(_) => Err(format!(
                "No answer came within {} seconds; answer first, and work afterwards.",
                ATTEMPT_TIME.as_secs()
            )),
        }
    }
}

/// A signature by each secret, as Standard Webhooks has it; none without a secret.
fn signature(secrets: &[String], id: &str, began: i64, body: &[u8]) -> Option<String> {
    let by = |secret: &String| Webhook::new(secret).ok()?.sign(id, began, body).ok();
    let all: Vec<String> = secrets.iter().filter_map(by).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// What an endpoint answered.
struct Heard {
    status: StatusCode,
    retry_after: Option<Duration>,
    answer: String,
}

impl Heard {
    /// Reads the beginning of the answer; its status counts, however the rest of it comes.
    async fn read(mut response: Response, end: Instant) -> Self {
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let status = response.status();
        let mut bytes = Vec::new();
        while bytes.len() < KEPT {
            match timeout_at(end, response.chunk()).await {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                _ => break,
            }
        }
        bytes.truncate(KEPT);
        // The database stores no NUL.
        let answer = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
        Self {
            status,
            retry_after,
            answer,
        }
    }
}

/// Why an answer does not count.
fn refusal(status: StatusCode) -> Option<String> {
    let what = match status.as_u16() {
        200..=299 => return None,
        300..=399 => {
            "a redirect, which is not followed; give the endpoint the address that it leads to"
        }
        410 => "by which it asks for nothing more",
        429 | 502 | 504 => "so it is asked less often for a while",
        _ => "where only 2xx counts",
    };
    Some(format!("The answer was {status}, {what}."))
}

/// Why no answer came, in words that whoever runs the endpoint can act upon.
fn in_words(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    if let Some(refused) = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<Refused>())
    {
        return refused.to_string();
    }
    if error.is_timeout() {
        return "The connection could not be made in time; check the address and its firewall."
            .into();
    }
    let io = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<io::Error>());
    let kind = io.map(io::Error::kind);
    let root = causes.last().map(ToString::to_string).unwrap_or_default();
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => {
            "The connection was refused; check that the endpoint is running.".into()
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
            "The connection was closed before an answer came; check the log of the endpoint.".into()
        }
        _ if error.is_connect() && root.contains("lookup address") => {
            "The host's name leads to no address; check it.".into()
        }
        _ if error.is_connect() => format!("No connection could be made: {root}."),
        _ => format!("No answer could be read: {root}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_the_standard_s_library_verifies() {
        let secrets = [
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
        ]
        .map(ToOwned::to_owned);
        let body = "{\"name\":\"größer\"}".as_bytes();
        #[expect(
            clippy::disallowed_methods,
            reason = "the library asks the clock itself"
        )]
        let now = chrono::Utc::now().timestamp();
        let signed = signature(&secrets, "an-id", now, body).unwrap();
        let mut headers = axum::http::HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "an-id".to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signed),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        for secret in &secrets {
            Webhook::new(secret)
                .unwrap()
                .verify(body, &headers)
                .unwrap();
        }
        let other = Webhook::new("whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=").unwrap();
        assert!(other.verify(body, &headers).is_err());
        assert!(
            Webhook::new(&secrets[0])
                .unwrap()
                .verify(b"{}", &headers)
                .is_err()
        );
        assert_eq!(signature(&[], "an-id", now, body), None);
    }
}
