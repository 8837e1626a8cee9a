//! Reading requests: bodies, paths and queries whose rejections are problems, and the correlation id.

use std::convert::Infallible;

use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, request::Parts},
    middleware::Next,
    response::Response,
};
use datacrowd_protocol::names::CORRELATION_HEADER;
use tracing::Instrument;
use uuid::Uuid;

use crate::error::ApiError;

/// A JSON body.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Json<T>(pub T);

/// Path parameters; what does not parse names nothing.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// Query parameters.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found()
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid_member("query", rejection.body_text())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::JsonDataError(error) => {
                let text = innermost(&error);
                match unknown_field(&text) {
                    Some(field) => Self::invalid(
                        "unknown_field",
                        [(field, "is not known here; remove it".to_owned())].into(),
                    ),
                    None => Self::invalid_member("body", text),
                }
            }
            JsonRejection::JsonSyntaxError(error) => Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                format!("The body is not JSON: {}.", innermost(&error)),
            ),
            JsonRejection::MissingJsonContentType(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body with Content-Type: application/json.",
            ),
            other => Self::new(
                other.status(),
                "bad_request",
                "The body cannot be read; send it whole and within the size limit.",
            ),
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

fn unknown_field(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("unknown field `")?;
    rest.split_once('`').map(|(field, _)| field.to_owned())
}

/// Follows one request through logs, answers and other services.
#[derive(Debug, Clone)]
pub struct CorrelationId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for CorrelationId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self(Uuid::now_v7().to_string())))
    }
}

/// Accepts or makes the correlation id, and returns it. The trace is the caller's, if `traceparent` names one
/// (W3C Trace Context), and begins here otherwise.
pub async fn correlate(mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(CORRELATION_HEADER)
        .and_then(|v| v.to_str().ok())
        .filter(|v| is_correlation_id(v));
    let id = given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    request.extensions_mut().insert(CorrelationId(id.clone()));
    let parent = request.headers().get("traceparent");
    let trace_id = parent
        .and_then(|v| trace_id(v.to_str().ok()?))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned);
    let span_id = &Uuid::new_v4().simple().to_string()[..16];
    let span = tracing::info_span!("request", correlation_id = %id, trace_id, span_id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    response
}

/// The trace that a `traceparent` names: `version-trace-parent-flags` in lower-case hexadecimal. What a later
/// version adds at the end is left alone, what is not valid is as good as absent.
fn trace_id(header: &str) -> Option<&str> {
    let mut parts = header.split('-');
    let mut hex = |digits: usize| {
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let valid = |part: &&str| part.len() == digits && part.bytes().all(lower);
        parts.next().filter(valid)
    };
    let (version, trace, parent, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
    let whole = parts.next().is_none() || version != "00";
    (version != "ff" && whole && !is_zero(trace) && !is_zero(parent)).then_some(trace)
}

fn is_correlation_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::trace_id;

    #[test]
    fn a_trace_is_taken_from_a_valid_header_only() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for valid in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-later",
        ] {
            assert_eq!(trace_id(valid), Some(trace), "{valid}");
        }
        for invalid in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(invalid), None, "{invalid}");
        }
    }
}
