//! Whose pages may call the API and read its answers in a browser.

use axum::http::{HeaderName, HeaderValue, Method, header};
use datacrowd_protocol::names::CORRELATION_HEADER;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Lets pages of these origins call the API; tokens travel in a header, so no cookie is ever allowed: the one
/// that there is belongs to the console, on this origin.
pub fn layer(origins: &[HeaderValue]) -> CorsLayer {
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
            header::IF_NONE_MATCH,
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
