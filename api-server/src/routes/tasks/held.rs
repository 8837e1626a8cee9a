//! `GET /me/tasks`.

use axum::extract::State;

use super::Tasks;
use crate::{auth::Worker, error::ApiResult, state::App};

/// Tasks that I hold.
#[utoipa::path(get, path = "/me/tasks", tag = "tasks", responses((status = 200, body = Tasks)))]
pub async fn task_held(
    State(app): State<App>,
    Worker(user): Worker,
) -> ApiResult<axum::Json<Tasks>> {
    let tasks = app.core.tasks_held(user, app.now()).await?;
    Ok(axum::Json(Tasks {
        tasks: tasks.into_iter().map(Into::into).collect(),
    }))
}
