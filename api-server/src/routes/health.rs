//! Probes.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::{
    error::{ApiError, Code},
    state::App,
};

pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || StatusCode::OK))
        .route("/readyz", get(ready))
}

/// Ready when what no request can do without answers; the cluster and the object store may be away for a while.
async fn ready(State(app): State<App>) -> Result<StatusCode, ApiError> {
    if app.is_draining() {
        return Err(ApiError::new(Code::Draining).retry_after(1));
    }
    app.core
        .ping()
        .await
        .map_err(|e| ApiError::unavailable("core database", &e))?;
    app.accounts
        .find_username("")
        .await
        .map_err(|e| ApiError::unavailable("auth database", &e))?;
    app.billing
        .ping()
        .await
        .map_err(|e| ApiError::unavailable("payments database", &e))?;
    Ok(StatusCode::OK)
}
