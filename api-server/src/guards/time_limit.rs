//! How long a request may take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::Extensions;

/// How long a request may take, other than an upload; more than a statement may.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The time that a request may take, until somebody who may upload lifts it.
#[derive(Debug, Clone, Default)]
pub struct TimeLimit(Arc<AtomicBool>);

impl TimeLimit {
    /// The limit that a request runs under.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Lets this request take as long as its client's line. Only for a caller who was let in, and a body that
    /// ends by itself when nothing of it comes.
    pub fn lift(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Waits for the end of the time; for ever when it was lifted.
    pub async fn over(&self, time: Duration) {
        tokio::time::sleep(time).await;
        if self.0.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}
