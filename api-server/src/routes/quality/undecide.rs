//! `DELETE /projects/{id}/quality/tasks/{taskId}/decision`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::{ProjectId, TaskId};
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Take the decision on a task back: exports from now on ask the method again.
#[utoipa::path(delete, path = "/projects/{id}/quality/tasks/{taskId}/decision", tag = "quality", params(("id" = Uuid, Path), ("taskId" = i64, Path)), responses((status = 204)))]
pub async fn task_undecide(
    State(app): State<App>,
    owner: Owner,
    Path((id, task)): Path<(Uuid, i64)>,
) -> ApiResult<StatusCode> {
    let (project, task) = (ProjectId(id), TaskId(task));
    app.core
        .decision_delete(owner.scope(), project, task, owner.user(), app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
