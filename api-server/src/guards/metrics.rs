//! Every request is counted and timed under its route's pattern.

use std::time::Instant;

use axum::{extract::Request, http::Method, middleware::Next, response::Response};
use tracing::Span;

use crate::{metrics::server, paths};

/// The methods that are counted by name. Any word can be sent as one, and each label stays in memory.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

fn counted_as(method: &Method) -> &'static str {
    let known = METHODS.iter().position(|known| known == method);
    known.map_or("_OTHER", |index| METHODS[index].as_str())
}

/// Counts and times every request under its route's pattern.
pub async fn measure(request: Request, next: Next) -> Response {
    let route = paths::pattern(&request).to_owned();
    let method = counted_as(request.method());
    let begun = Instant::now();
    let response = next.run(request).await;
    if response.status().is_server_error() {
        Span::current().record("otel.status_code", "ERROR");
    }
    let status = response.status().as_u16().to_string();
    server::REQUEST_SECONDS
        .with([method.to_owned(), route, status])
        .record(begun.elapsed().as_secs_f64());
    response
}
