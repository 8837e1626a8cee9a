//! The internal API, on its own port: operator and trusted services by shared secret, runners by their
//! pod's projected token. No platform secret ever reaches a tenant's namespace.

mod auth;
mod chunks;
mod resources;
mod runs;
mod tasks;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::{delete, get, patch, post, put},
};

pub(crate) use auth::ReviewedTokens;

use crate::app::App;

/// A chunk's 4 MiB, a last record of at most 1 MiB, and what JSON escaping can add to both.
const MAX_CHUNK_BODY: usize = 32 * 1024 * 1024;

/// The internal port's routes.
pub fn router(_: App) -> Router<App> {
    Router::new()
        .route("/internal/projects", put(resources::project_put))
        .route("/internal/projects/{id}", delete(resources::project_delete))
        .route(
            "/internal/projects/{id}/billing",
            patch(resources::project_billing),
        )
        .route("/internal/datasets", put(resources::dataset_put))
        .route("/internal/datasets/{id}", delete(resources::dataset_delete))
        .route(
            "/internal/datasets/{id}/fence",
            post(resources::dataset_fence),
        )
        .route(
            "/internal/datasets/{id}/status",
            patch(resources::dataset_status),
        )
        .route("/internal/datasets/{id}/runs", post(runs::dataset_run))
        .route(
            "/internal/datasets/{id}/tasks",
            post(chunks::chunk_load).layer(DefaultBodyLimit::max(MAX_CHUNK_BODY)),
        )
        .route("/internal/tasks/{id}/status", patch(tasks::task_status))
        .route("/internal/exports", put(resources::export_put))
        .route("/internal/exports/{id}", delete(resources::export_delete))
        .route(
            "/internal/exports/{id}/status",
            patch(resources::export_status),
        )
        .route("/internal/exports/{id}/runs", post(runs::export_run))
        .route("/internal/exports/{id}/answers", get(runs::export_answers))
        .route("/internal/runs/{id}/open", post(runs::run_open))
        .route("/internal/runs/{id}/heartbeat", post(runs::run_heartbeat))
        .route("/internal/runs/{id}/source-url", post(runs::run_source_url))
        .route("/internal/runs/{id}/parts", post(runs::run_part))
        .route("/internal/runs/{id}/complete", post(runs::run_complete))
        .route("/healthz", get(async || axum::http::StatusCode::OK))
        .route(
            "/metrics",
            get(async |State(app): State<App>| app.metrics.render()),
        )
        .fallback(async || axum::http::StatusCode::NOT_FOUND)
}
