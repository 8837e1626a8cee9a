//! `POST /tasks/{id}/skip`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::TaskId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::token;
use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
    words,
};

/// The lease, and why the task is skipped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Skip {
    #[schema(example = "81723")]
    lease_token: String,
    #[schema(example = "The text is in a language I cannot read.")]
    reason: String,
}

/// Give the task back for good, with a reason.
#[utoipa::path(post, path = "/tasks/{id}/skip", tag = "tasks", params(("id" = i64, Path)), request_body = Skip, responses((status = 204)))]
pub async fn task_skip(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<Skip>,
) -> ApiResult<StatusCode> {
    if words::seen(&body.reason).is_empty() || body.reason.chars().count() > 500 {
        return Err(ApiError::invalid_member(
            "reason",
            "must have 1 to 500 characters",
        ));
    }
    app.core
        .task_skip(
            user,
            TaskId(id),
            token(&body.lease_token)?,
            &body.reason,
            app.now(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
