//! Whose pages may call the API and read its answers in a browser.

use axum::http::{HeaderName, HeaderValue, Method, header};
use datacrowd_protocol::names::CORRELATION_HEADER;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Lets pages of these origins call the API; tokens travel in a header, so no cookie is ever allowed: the one
/// that there is belongs to the console, on this origin.
pub fn layer(origins: &[HeaderValue]) -> CorsLayer {
    let correlation = HeaderName::from_static(CORRELATION_HEADER);
    let idempotency = HeaderName::from_static("idempotency-key");
    // Of a file that arrives in several requests.
    let [tus, offset, length] =
        ["tus-resumable", "upload-offset", "upload-length"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([
            Method::GET,
            Method::HEAD,
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
            tus.clone(),
            offset.clone(),
            length.clone(),
            HeaderName::from_static("upload-metadata"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("deprecation"),
            HeaderName::from_static("sunset"),
            correlation,
            tus,
            offset,
            length,
        ])
        .max_age(std::time::Duration::from_hours(1))
}
