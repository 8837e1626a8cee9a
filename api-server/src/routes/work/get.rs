//! `GET /work/projects/{id}`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::WorkProjectBody;
use crate::{auth::Worker, error::ApiResult, extract::Path, state::App};

/// Instructions, form and my progress.
#[utoipa::path(get, path = "/work/projects/{id}", tag = "work", params(("id" = Uuid, Path)), responses((status = 200, body = WorkProjectBody)))]
pub async fn work_get(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<WorkProjectBody>> {
    let project = app.core.work_project(user, ProjectId(id)).await?;
    Ok(axum::Json(project.into()))
}
