//! `POST /tasks/{id}/lock`.

use axum::extract::State;
use datacrowd_protocol::ids::TaskId;

use super::TaskBody;
use crate::{auth::Worker, error::ApiResult, extract::Path, state::App};

/// Take this task.
#[utoipa::path(post, path = "/tasks/{id}/lock", tag = "tasks", params(("id" = i64, Path)), responses((status = 200, body = TaskBody)))]
pub async fn task_lock(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
) -> ApiResult<axum::Json<TaskBody>> {
    Ok(axum::Json(
        app.core
            .task_lock(user, TaskId(id), app.now())
            .await?
            .into(),
    ))
}
