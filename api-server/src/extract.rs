//! Reading requests: bodies, paths and queries whose rejections are problems, and the correlation id.

use std::{convert::Infallible, fmt::Write as _};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use datacrowd_protocol::names::CORRELATION_HEADER;
use datacrowd_telemetry::TRACEPARENT;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use tracing::{Instrument, field::Empty};
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    routes, words,
};

/// What no text of the database can hold, though JSON and addresses can.
const NUL: char = '\0';
/// What is said of a member with [`NUL`] in it.
const HAS_NUL: &str = "holds the character U+0000, which cannot be stored; remove it";

/// A JSON body, without the character U+0000.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// Path parameters; what does not parse names nothing.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// Query parameters, without the character U+0000.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body with Content-Type: application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|unread| match unread.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE),
            status => ApiError::new(
                status,
                "bad_request",
                "The body cannot be read; send it whole and within the size limit.",
            ),
        })?;
        let value = from_json(&bytes)?;
        match member_with_nul(&bytes) {
            Some(member) => Err(ApiError::invalid_member(&member, HAS_NUL)),
            None => Ok(Self(value)),
        }
    }
}

/// An object's text as what is expected of it; otherwise what is wrong, in the caller's words.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> ApiResult<T> {
    // A list would pass for an object whose members it gives in order.
    let is_list = text.trim_ascii_start().starts_with(b"[");
    let mut track = serde_path_to_error::Track::new();
    if is_list {
        return Err(match serde_json::from_slice::<IgnoredAny>(text) {
            Ok(_) => ApiError::invalid_member("body", "must be an object in braces, not a list"),
            Err(broken) => words::of_json(serde_path_to_error::Error::new(track.path(), broken)),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(serde_path_to_error::Deserializer::new(
        &mut reader,
        &mut track,
    ));
    let whole = |value| reader.end().map(|()| value);
    value
        .and_then(whole)
        .map_err(|error| words::of_json(serde_path_to_error::Error::new(track.path(), error)))
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE);
    let named = named.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains("%00") {
            return Err(ApiError::not_found());
        }
        let axum::extract::Path(value) =
            axum::extract::Path::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|q| q.contains("%00")) {
            return Err(ApiError::invalid_member("query", HAS_NUL));
        }
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let reader = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| words::of_query(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// The first member of a JSON text whose name or value holds [`NUL`], as `labeling.fields[0].label`. Written out,
/// the character is always an escape.
fn member_with_nul(json: &[u8]) -> Option<String> {
    fn search(value: &Value, at: &mut String) -> bool {
        let before = at.len();
        match value {
            Value::String(text) => text.contains(NUL),
            Value::Array(items) => items.iter().enumerate().any(|(n, item)| {
                at.truncate(before);
                let _ = write!(at, "[{n}]");
                search(item, at)
            }),
            Value::Object(members) => members.iter().any(|(name, member)| {
                at.truncate(before);
                let dot = if before == 0 { "" } else { "." };
                let _ = write!(at, "{dot}{}", name.replace(NUL, ""));
                name.contains(NUL) || search(member, at)
            }),
            _ => false,
        }
    }
    let is_escaped = json.windows(6).any(|escape| escape == b"\\u0000");
    if !is_escaped {
        return None;
    }
    let Ok(value) = serde_json::from_slice::<Value>(json) else {
        return Some("body".to_owned()); // it cannot be looked through
    };
    let mut at = String::new();
    search(&value, &mut at).then_some(at)
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found()
    }
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
    let route = routes::pattern(&request);
    let name = format!("{} {route}", request.method());
    macro_rules! span {
        ($kind:literal) => {
            tracing::error_span!(
                $kind,
                otel.name = name,
                otel.kind = "server",
                otel.status_code = Empty,
                correlation_id = %id,
                trace_id = Empty,
                span_id = Empty,
                method = %request.method(),
                path = request.uri().path()
            )
        };
    }
    let parent = request.headers().get(TRACEPARENT);
    let parent = parent.and_then(|v| v.to_str().ok());
    // No trace begins with what is asked every few seconds: by probes, and by the operator's passes.
    let span = match route {
        "/healthz" | "/readyz" | "/metrics" => span!("untraced"),
        _ if route.starts_with("/internal/") && parent.is_none() => span!("untraced"),
        _ => span!("request"),
    };
    if let Some(parent) = parent {
        datacrowd_telemetry::continue_trace(&span, parent);
    }
    let (trace, here) = datacrowd_telemetry::ids(&span).unwrap_or_else(|| {
        let begun = || Uuid::now_v7().simple().to_string();
        let trace = parent.and_then(trace_id).map_or_else(begun, str::to_owned);
        (trace, Uuid::new_v4().simple().to_string()[..16].to_owned())
    });
    span.record("trace_id", trace).record("span_id", here);
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
    use super::{member_with_nul, trace_id};

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for (json, member) in [
            (r#"{"a":"\u0000"}"#, Some("a")),
            (
                r#"{"a":[{"b":"x"},{"b":"x\u0000y"}],"c":1}"#,
                Some("a[1].b"),
            ),
            (r#"{"ok":1,"a\u0000b":{"c":2}}"#, Some("ab")),
            (r#"["\u0000"]"#, Some("[0]")),
            (r#"{"a":"\\u0000"}"#, None),
            (r#"{"a":"\u0001"}"#, None),
        ] {
            assert_eq!(
                member_with_nul(json.as_bytes()).as_deref(),
                member,
                "{json}"
            );
        }
    }

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
