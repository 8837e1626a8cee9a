//! Installs the subscriber and the panic hook.

use std::{env, panic};

use tracing_subscriber::{EnvFilter, filter::ParseError, util::TryInitError};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::format::Json;

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
}

/// Logs as JSON lines on stdout, filtered by `DATACROWD_LOG` (default `info`), panics included.
///
/// # Errors
/// A filter that does not parse, or a subscriber installed before.
pub fn init(service: &'static str) -> Result<(), InitError> {
    let filter = match env::var(FILTER) {
        Ok(text) if !text.trim().is_empty() => {
            EnvFilter::try_new(&text).map_err(InitError::Filter)?
        }
        _ => EnvFilter::new("info"),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(
            tracing_subscriber::fmt::layer()
                .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
                .event_format(Json { service }),
        )
        .try_init()
        .map_err(InitError::Installed)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
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
