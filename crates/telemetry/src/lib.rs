//! Logs, metrics and traces, once for all binaries. It owns the process-wide subscriber, panic hook and
//! recorder; it opens no port: whoever serves `/metrics` renders the handle.
//!
//! Spans are of level error: with `DATACROWD_LOG=error` a line still tells whose request it is about, and traces are
//! whole.
//!
//! Tokens, passwords, e-mail addresses and bodies never belong in a field.

mod format;
mod log;
mod metrics;
mod traces;

pub use log::{InitError, init};
pub use metrics::{
    Counter, Described, Gauge, Handle, Histogram, Kind, Metric, install_metrics, metrics_table,
};
pub use metrics_exporter_prometheus::PrometheusHandle;
pub use traces::{TRACEPARENT, Traces, continue_trace, ids, traceparent};
