//! What `helm test` runs: whether a running platform answers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::{
    body::Body,
    http::{StatusCode, Uri},
};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::{Instant, sleep, timeout};

/// How long all addresses together may take to answer well.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);

/// Asks each address until it answers with 2xx.
///
/// # Errors
/// The first one that does not, and its last answer.
pub(crate) async fn run(urls: &[Uri]) -> anyhow::Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let end = Instant::now() + TIMEOUT;
    for url in urls {
        let status = loop {
            let answer = match timeout(ANSWER, client.get(url.clone())).await {
                Ok(answer) => answer.map(|a| a.status()).map_err(anyhow::Error::new),
                Err(late) => Err(late.into()),
            };
            if answer.as_ref().is_ok_and(StatusCode::is_success) || Instant::now() > end {
                break answer.with_context(|| format!("asking {url}"))?;
            }
            sleep(PAUSE).await;
        };
        ensure!(
            status.is_success(),
            "{url} answers {status}; the log of the API server tells why"
        );
        tracing::info!(%url, status = status.as_u16(), "answers");
    }
    Ok(())
}
