//! Every error leaves as a problem, the framework's own included.

use std::sync::Arc;

use axum::{extract::Request, http::header, middleware::Next, response::Response};
use datacrowd_protocol::problem::PROBLEM_CONTENT_TYPE;

use super::correlation::CorrelationId;
use crate::error::ApiError;

/// Renders every error as a problem, the framework's own included.
pub async fn render(correlation: CorrelationId, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v == PROBLEM_CONTENT_TYPE);
    if is_problem {
        return response;
    }
    let error = response
        .extensions()
        .get::<Arc<ApiError>>()
        .map_or_else(|| ApiError::framework(status), |e| (**e).clone());
    let mut rendered = error.rendered(path, correlation.0);
    // What else was said with it, such as Allow, stays; its body does not.
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && !rendered.headers().contains_key(name) {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    rendered
}
