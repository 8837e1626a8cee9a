//! Installs the subscriber and the panic hook.

use std::{env, panic};

use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{ParseError, filter_fn},
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

use crate::{
    format::Json,
    traces::{self, Traces},
};

/// The variable that holds the filter, in the syntax of `tracing`'s `EnvFilter`.
const FILTER: &str = "DATACROWD_LOG";

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// `DATACROWD_LOG` is not a filter.
    #[error("reading the filter in {FILTER}")]
    Filter(#[source] ParseError),
    /// Another subscriber is already installed in this process.
    #[error("installing the log subscriber")]
    Installed(#[source] TryInitError),
    /// The variables of the exporter are not acceptable.
    #[error("setting up the export of spans; check the variables OTEL_EXPORTER_OTLP_*")]
    Exporter(#[source] ExporterBuildError),
}

/// Logs as JSON lines on stdout, filtered by `DATACROWD_LOG` (default `info`), panics included; spans go to the
/// collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names, until the value is dropped.
///
/// # Errors
/// A filter that does not parse, an exporter that cannot be made, or a subscriber installed before.
pub fn init(service: &'static str) -> Result<Traces, InitError> {
    let filter = match env::var(FILTER) {
        Ok(text) if !text.trim().is_empty() => {
            EnvFilter::try_new(&text).map_err(InitError::Filter)?
        }
        _ => EnvFilter::new("info"),
    };
    let (traces, tracer) = traces::begin(service).map_err(InitError::Exporter)?;
    subscriber(service, filter, tracer)
        .try_init()
        .map_err(InitError::Installed)?;
    panic::set_hook(Box::new(log_panic));
    Ok(traces)
}

/// Lines on stdout and, with a tracer, spans; of both only what the filter lets through.
fn subscriber(
    service: &'static str,
    filter: EnvFilter,
    tracer: Option<SdkTracer>,
) -> impl Subscriber + Send + Sync {
    let spans = tracer.map(|tracer| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_filter(filter_fn(traces::is_exported))
    });
    let lines = tracing_subscriber::fmt::layer()
        .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
        .event_format(Json { service });
    // Around both, not one layer's own: only then is a record that it drops not even computed.
    tracing_subscriber::registry()
        .with(spans)
        .with(lines)
        .with(filter)
}

fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let at = info
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(
        panic.at = at.as_deref().unwrap_or("unknown"),
        panic.thread = thread.name().unwrap_or("unnamed"),
        panic.backtrace = %std::backtrace::Backtrace::capture(),
        "panicked: {}",
        info.payload_as_str().unwrap_or("a payload that is no text")
    );
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::{continue_trace, ids, traceparent};

    #[test]
    fn our_own_spans_go_on_with_a_trace_and_an_untraced_one_has_none() {
        let tracer = SdkTracerProvider::builder().build().tracer("a test");
        // As `init` does it, and for this thread only.
        let _scope = subscriber("a-test", EnvFilter::new("warn"), Some(tracer)).set_default();
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = tracing::error_span!(target: "datacrowd_api_server::extract", "request");
        continue_trace(&span, &format!("00-{trace}-00f067aa0ba902b7-01"));
        let (seen, id) = ids(&span).unwrap();
        assert_eq!(seen, trace);
        let inside = span.in_scope(|| traceparent(&tracing::Span::current()));
        assert_eq!(inside, Some(format!("00-{trace}-{id}-01")));

        let untraced = tracing::error_span!(target: "datacrowd_api_server::extract", "untraced");
        assert_eq!(ids(&untraced), None);
        let foreign =
            tracing::error_span!(target: "kube_runtime::controller", "reconciling object");
        assert_eq!(ids(&foreign), None);
    }
}
