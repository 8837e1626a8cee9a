//! Headers that every answer of the public port carries, the one that every request must, and who may read answers
//! in a browser.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use datacrowd_protocol::names::CORRELATION_HEADER;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::error::ApiError;

/// Set where a handler did not set its own. Answers belong to one caller: no cache keeps them; and none is a page.
pub const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    ),
    (header::CACHE_CONTROL, "no-store"),
];
/// For the pages that describe the API: their own files, and the styles that their library writes into elements.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Below which they lie.
const PAGES: &str = "/docs";
/// A year. Subdomains are not ours to promise.
const TRANSPORT: &str = "max-age=31536000";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Adds the headers.
pub async fn secure(request: Request, next: Next) -> Response {
    // Whoever makes this header up only changes what they are answered themselves, and browsers heed the promise
    // only where it came over TLS.
    let forwarded = request.headers().get(FORWARDED_PROTO);
    let client_hop = forwarded
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(',').next());
    let is_tls = client_hop.is_some_and(|hop| hop.trim().eq_ignore_ascii_case("https"));
    let path = request.uri().path();
    let is_page = path
        .strip_prefix(PAGES)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if is_tls {
        let promise = HeaderValue::from_static(TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, promise);
    }
    if is_page {
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static(PAGE_POLICY));
    }
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses who does not say which host is meant, or says it twice: proxies and servers that choose differently
/// are how requests are smuggled.
pub async fn require_host(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host
            .to_str()
            .is_ok_and(|host| host.parse::<Authority>().is_ok()),
        _ => false,
    };
    if is_named {
        return next.run(request).await;
    }
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "host_required",
        "The header Host is missing, given twice or no host name; send it once.",
    )
    .into_response()
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
