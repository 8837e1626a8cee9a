//! `GET /work/projects`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::WorkProjectBody;
use crate::{auth::Worker, error::ApiResult, state::App};

/// Projects that I may work on.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkProjects {
    items: Vec<WorkProjectBody>,
}

/// What may be worked on.
#[utoipa::path(get, path = "/work/projects", tag = "work", responses((status = 200, body = WorkProjects)))]
pub async fn work_list(
    State(app): State<App>,
    Worker(user): Worker,
) -> ApiResult<axum::Json<WorkProjects>> {
    let items = app
        .core
        .work_projects(user, None)
        .await?
        .into_iter()
        .map(Into::into)
        .collect();
    Ok(axum::Json(WorkProjects { items }))
}
