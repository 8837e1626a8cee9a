//! The port for probes and metrics.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use datacrowd_telemetry::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// What `/readyz` answers by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readiness(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    schema: watch::Sender<bool>,
    watching: AtomicBool,
    leading: AtomicBool,
}

impl Readiness {
    /// The cluster serves the resources as this binary expects them.
    pub(crate) fn schema_served(&self, served: bool) {
        self.0.schema.send_replace(served);
    }

    /// Resolves when the cluster serves the resources as this binary expects them.
    pub(crate) async fn served(&self) {
        becomes(&mut self.0.schema.subscribe(), true).await;
    }

    /// The caches are filled.
    pub(crate) fn watching(&self) {
        self.0.watching.store(true, Ordering::Relaxed);
    }

    /// This replica does the work; one that stands by is ready without caches.
    pub(crate) fn leading(&self) {
        self.0.leading.store(true, Ordering::Relaxed);
        metrics::LEADER.only().set(1.0);
    }

    fn refusal(&self) -> Option<&'static str> {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        if !*self.0.schema.borrow() {
            return Some(
                "the cluster does not serve the resources as this version expects; install or upgrade the chart datacrowd-crds",
            );
        }
        (is(&self.0.leading) && !is(&self.0.watching)).then_some("the caches are not filled yet")
    }
}

/// Serves `/healthz`, `/readyz` and `/metrics` until it is told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    readiness: Readiness,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let router = Router::new()
        // Answering at all shows that the event loop turns.
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .with_state(readiness)
        .route("/metrics", get(async move || metrics.render()));
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    match readiness.refusal() {
        None => (StatusCode::OK, "ok"),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

/// Resolves when a watched flag has become `value`, or its sender is gone.
pub(crate) async fn becomes(flag: &mut watch::Receiver<bool>, value: bool) {
    // An error means that nobody will change it any more.
    let _ = flag.wait_for(|now| *now == value).await;
}
