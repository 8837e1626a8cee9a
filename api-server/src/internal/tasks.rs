//! A task's status set by a trusted service.

use axum::extract::State;
use datacrowd_protocol::{WireEnum, ids::TaskId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Trusted;
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
};

/// `NEW` opens its places again, `REJECTED` closes those that are open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskStatus {
    status: String,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskStatusBody {
    status: String,
}

/// Open a task again, or close its open places.
#[utoipa::path(patch, path = "/internal/tasks/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = i64, Path)), request_body = TaskStatus, responses((status = 200, body = TaskStatusBody)))]
pub async fn task_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<i64>,
    Json(body): Json<TaskStatus>,
) -> ApiResult<axum::Json<TaskStatusBody>> {
    let status = match body.status.as_str() {
        "NEW" => app.core.task_requeue(TaskId(id), app.now()).await?,
        "REJECTED" => app.core.task_cancel(TaskId(id), app.now()).await?,
        _ => {
            return Err(ApiError::invalid_member(
                "status",
                "must be NEW, to open the task again, or REJECTED, to close its open places",
            ));
        }
    };
    Ok(axum::Json(TaskStatusBody {
        status: status.upper().into(),
    }))
}
