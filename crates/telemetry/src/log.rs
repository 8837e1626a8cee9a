//! Installs the subscriber and the panic hook.

use std::{env, panic};

use opentelemetry_otlp::ExporterBuildError;
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
    let spans = tracer.map(|tracer| {
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        layer.with_filter(filter_fn(traces::is_exported)) // whatever is logged
    });
    tracing_subscriber::registry()
        .with(spans)
        .with(
            tracing_subscriber::fmt::layer()
                .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
                .event_format(Json { service })
                .with_filter(filter),
        )
        .try_init()
        .map_err(InitError::Installed)?;
    panic::set_hook(Box::new(log_panic));
    Ok(traces)
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
