//! The HTTP clients of the process, and their errors in words.

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{ClientBuilder, Response, dns::Resolve};
use tokio::time::timeout;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Silence on a connection to an object store after which it is given up.
pub const IDLE: Duration = Duration::from_secs(30);

/// A client for platform and object store, which tells them that it is `agent`. Redirects are not followed: a signed URL is valid for one host,
/// and a token must not leave for another.
///
/// # Errors
/// TLS cannot be set up at all.
pub fn client(agent: &str) -> Result<reqwest::Client, reqwest::Error> {
    build(agent, |builder| builder)
}

/// A client that dials only what `resolver` answers, and nobody in between: a proxy would resolve by itself.
///
/// # Errors
/// TLS cannot be set up at all.
pub fn guarded(
    agent: &str,
    resolver: impl Resolve + 'static,
) -> Result<reqwest::Client, reqwest::Error> {
    let resolver = Arc::new(resolver);
    build(agent, |builder| {
        builder.no_proxy().dns_resolver(Arc::clone(&resolver))
    })
}

fn build(
    agent: &str,
    with: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client, reqwest::Error> {
    // Another call may have been first; either way a provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        with(
            reqwest::Client::builder()
                .connect_timeout(CONNECT)
                .redirect(reqwest::redirect::Policy::none())
                .tcp_keepalive(Duration::from_secs(30))
                .user_agent(format!("{agent}/{}", env!("CARGO_PKG_VERSION"))),
        )
    };
    builder().build().or_else(|error| {
        // An image without a CA bundle still serves a cluster whose endpoints are plain HTTP.
        tracing::warn!(
            error = chain(&error),
            "no CA certificates: https will not work"
        );
        builder().tls_certs_only([]).build()
    })
}

/// An error and its causes in one line, without the URL, whose query may be a signature.
#[must_use]
pub fn chain(error: &reqwest::Error) -> String {
    let mut text = match () {
        () if error.is_timeout() => "timed out".to_owned(),
        () if error.is_connect() => "cannot connect".to_owned(),
        () => "connection failed".to_owned(),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The `Code` of an S3 error, or the status. Another server's answer is not read to its end, and not repeated.
pub async fn error_code(mut response: Response) -> String {
    const MOST: usize = 16 * 1024;
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < MOST
        && let Ok(Ok(Some(piece))) = timeout(IDLE, response.chunk()).await
    {
        body.extend_from_slice(&piece);
    }
    let body = String::from_utf8_lossy(&body);
    let code = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map(|(code, _)| code)
        .filter(|code| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric()));
    code.map_or_else(|| status.to_string(), str::to_owned)
}
