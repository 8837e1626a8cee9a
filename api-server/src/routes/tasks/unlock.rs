//! `POST /tasks/{id}/unlock`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::TaskId;

use super::{WithLease, token};
use crate::{
    auth::Worker,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// Give the task back; it may come again.
#[utoipa::path(post, path = "/tasks/{id}/unlock", tag = "tasks", params(("id" = i64, Path)), request_body = WithLease, responses((status = 204)))]
pub async fn task_unlock(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<WithLease>,
) -> ApiResult<StatusCode> {
    app.core
        .task_unlock(user, TaskId(id), token(&body.lease_token)?, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
