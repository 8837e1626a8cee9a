//! Probes.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::state::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || StatusCode::OK))
        .route("/readyz", get(ready))
}

/// Ready when what no request can do without answers; the cluster and the object store may be away for a while.
async fn ready(State(app): State<App>) -> Result<StatusCode, crate::error::ApiError> {
    if app.is_draining() {
        return Err(crate::error::ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "This replica is being stopped; send the request to another one.",
        )
        .retry_after(1));
    }
    app.core
        .ping()
        .await
        .map_err(|e| crate::error::ApiError::unavailable("core database", &e))?;
    app.accounts
        .find_username("")
        .await
        .map_err(|e| crate::error::ApiError::unavailable("auth database", &e))?;
    app.billing
        .ping()
        .await
        .map_err(|e| crate::error::ApiError::unavailable("payments database", &e))?;
    Ok(StatusCode::OK)
}
