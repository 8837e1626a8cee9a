//! `GET /tasks/next`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{InProject, TaskBody};
use crate::{auth::Worker, error::ApiResult, extract::Query, state::App};

/// One task.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneTask {
    task: TaskBody,
}

/// A candidate; nothing is held.
#[utoipa::path(get, path = "/tasks/next", tag = "tasks", params(InProject), responses((status = 200, body = OneTask)))]
pub async fn task_next(
    State(app): State<App>,
    Worker(user): Worker,
    Query(query): Query<InProject>,
) -> ApiResult<axum::Json<OneTask>> {
    let task = app.core.task_next(user, query.project(), app.now()).await?;
    Ok(axum::Json(OneTask { task: task.into() }))
}
