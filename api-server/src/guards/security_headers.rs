//! Headers that every answer of the public port carries.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

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
pub async fn add(request: Request, next: Next) -> Response {
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
