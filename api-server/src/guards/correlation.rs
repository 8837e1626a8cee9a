//! The correlation id and the trace of every request.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use datacrowd_protocol::names::CORRELATION_HEADER;
use datacrowd_telemetry::TRACEPARENT;
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

use crate::paths;

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
    let route = paths::pattern(&request);
    let name = format!("{} {route}", request.method());
    // What stands in these paths ends somebody's e-mails, without signing in.
    let shown = match route.contains("/unsubscribe/") {
        true => route,
        false => request.uri().path(),
    };
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
                path = shown
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
