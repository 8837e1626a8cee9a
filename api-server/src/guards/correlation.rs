//! The correlation id and the trace of every request.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use datacrowd_outbox::Traceparent;
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
    let cause = parent.and_then(Traceparent::read);
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
        let trace = cause.as_ref().map_or_else(begun, |c| c.trace().to_owned());
        (trace, Uuid::new_v4().simple().to_string()[..16].to_owned())
    });
    span.record("trace_id", trace).record("span_id", here);
    let serving = next.run(request).instrument(span);
    let mut response = match cause {
        Some(cause) => cause.causes(serving).await,
        None => serving.await,
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    response
}

fn is_correlation_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}
