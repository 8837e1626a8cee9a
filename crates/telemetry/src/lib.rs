//! Logs and metrics, once for all binaries. It owns the process-wide subscriber, panic hook and
//! recorder; it opens no port: whoever serves `/metrics` renders the handle.
//!
//! Tokens, passwords, e-mail addresses and bodies never belong in a field.

mod format;
mod log;
mod metrics;

pub use log::{InitError, init};
pub use metrics::install_metrics;
pub use metrics_exporter_prometheus::PrometheusHandle;
