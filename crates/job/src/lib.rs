//! What every Job of the platform shares. One Job is one run: it opens the run, says that it is alive, works,
//! and tells how it ended. It talks HTTP to the platform's internal API and knows neither the database nor Kubernetes.
//!
//! What a run does is the business of the binaries that depend on this.

pub mod args;
pub mod halt;
mod heartbeat;
pub mod http;
pub mod platform;
pub mod process;
mod report;
pub mod retry;
pub mod session;
