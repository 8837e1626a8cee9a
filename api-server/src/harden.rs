//! Headers that every answer of the public port carries, and who may read answers in a browser.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use datacrowd_protocol::names::CORRELATION_HEADER;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Set where a handler did not set its own. Answers belong to one caller: no cache keeps them.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Adds the headers.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Lets pages of these origins call the API; tokens travel in a header, so no cookie is ever allowed.
pub fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let correlation = HeaderName::from_static(CORRELATION_HEADER);
    let idempotency = HeaderName::from_static("idempotency-key");
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            idempotency,
            correlation.clone(),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("deprecation"),
            HeaderName::from_static("sunset"),
            correlation,
        ])
        .max_age(std::time::Duration::from_secs(3600))
}
