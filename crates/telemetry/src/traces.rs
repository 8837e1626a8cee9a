//! Spans for an OpenTelemetry collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` names one, and the trace context
//! that goes from one process to the next (W3C Trace Context). Which share of the traces is kept, and how spans
//! are batched, is set by OpenTelemetry's own variables, such as `OTEL_TRACES_SAMPLER`.

use std::{collections::HashMap, env, time::Duration};

use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Header, and in a pod's environment in upper case the variable, that names trace and span.
pub const TRACEPARENT: &str = "traceparent";
/// Where the collector is, as OpenTelemetry names it: `http://collector:4318`.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Name of the span of a request that no trace is made of.
const UNTRACED: &str = "untraced";
/// Longest wait for the last spans to be sent.
const FLUSH: Duration = Duration::from_secs(3);

/// Sends the spans that wait when it is dropped: at the end of `main`.
#[derive(Debug)]
#[must_use = "dropped at once, nothing is exported"]
pub struct Traces(Option<SdkTracerProvider>);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(FLUSH)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last spans are lost"
            );
        }
    }
}

/// Spans of our own crates, but for what is asked every few seconds: a library's would begin a trace with each
/// pass over each resource.
pub(crate) fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("datacrowd")
        && *metadata.level() <= Level::INFO
        && metadata.name() != UNTRACED
}

/// A tracer, if there is a collector to send to.
pub(crate) fn begin(
    service: &'static str,
) -> Result<(Traces, Option<SdkTracer>), ExporterBuildError> {
    if env::var_os(ENDPOINT).is_none_or(|endpoint| endpoint.is_empty()) {
        return Ok((Traces(None), None));
    }
    // Another part of the process may have been first; either way a provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_batch_exporter(exporter)
        .build();
    let tracer = provider.tracer("datacrowd");
    Ok((Traces(Some(provider)), Some(tracer)))
}

/// What a request or a Job that this span asks for is to be told, so that it goes on with the trace. None where
/// nothing is exported.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Makes a new span part of the trace that a `traceparent` names; one that is not valid is as good as absent.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    // An error means that nothing is exported.
    let _ = span.set_parent(parent);
}

/// Trace and span in hexadecimal, as the collector has them. None where nothing is exported.
#[must_use]
pub fn ids(span: &Span) -> Option<(String, String)> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| {
        (
            context.trace_id().to_string(),
            context.span_id().to_string(),
        )
    })
}
