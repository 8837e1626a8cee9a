//! `POST /tasks/{id}/heartbeat`.

use axum::extract::State;
use datacrowd_protocol::ids::TaskId;

use super::{LeaseBody, WithLease, token};
use crate::{
    auth::Worker,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// Still at it: the lease lasts longer, up to twelve times `lockSeconds` in all; from then on the answer is its end.
#[utoipa::path(post, path = "/tasks/{id}/heartbeat", tag = "tasks", params(("id" = i64, Path)), request_body = WithLease, responses((status = 200, body = LeaseBody)))]
pub async fn task_heartbeat(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<WithLease>,
) -> ApiResult<axum::Json<LeaseBody>> {
    Ok(axum::Json(
        app.core
            .task_heartbeat(user, TaskId(id), token(&body.lease_token)?, app.now())
            .await?
            .into(),
    ))
}
