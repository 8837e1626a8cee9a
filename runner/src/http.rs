//! The HTTP clients of the process, and their errors in words.

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{ClientBuilder, dns::Resolve};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for platform and object store. Redirects are not followed: a signed URL is valid for one host,
/// and a token must not leave for another.
///
/// # Errors
/// TLS cannot be set up at all.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    build(|builder| builder)
}

/// A client that dials only what `resolver` answers, and nobody in between: a proxy would resolve by itself.
///
/// # Errors
/// TLS cannot be set up at all.
pub fn guarded(resolver: impl Resolve + 'static) -> Result<reqwest::Client, reqwest::Error> {
    let resolver = Arc::new(resolver);
    build(|builder| builder.no_proxy().dns_resolver(Arc::clone(&resolver)))
}

fn build(with: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    // Another call may have been first; either way a provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        with(
            reqwest::Client::builder()
                .connect_timeout(CONNECT)
                .redirect(reqwest::redirect::Policy::none())
                .tcp_keepalive(Duration::from_secs(30))
                .user_agent(concat!("datacrowd-runner/", env!("CARGO_PKG_VERSION"))),
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
