//! `PATCH /internal/models/{id}/status`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::internal::ReportFailure;
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Json, Path},
    internal::{auth::Trusted, runs::failed},
    state::App,
};

/// Report a Job that failed without a word of its own.
#[utoipa::path(patch, path = "/internal/models/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = ReportFailure, responses((status = 204)))]
pub async fn model_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}
