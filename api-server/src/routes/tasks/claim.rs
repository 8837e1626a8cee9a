//! `POST /tasks/claim`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Tasks;
use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::Json,
    state::App,
};

/// How many tasks to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    project_id: Option<Uuid>,
    /// 1 to 10; 1 when absent.
    #[schema(example = 5)]
    count: Option<i64>,
}

/// Take tasks: first those that are held already, then the next ones.
#[utoipa::path(post, path = "/tasks/claim", tag = "tasks", request_body = Claim, responses((status = 200, body = Tasks)))]
pub async fn task_claim(
    State(app): State<App>,
    Worker(user): Worker,
    Json(claim): Json<Claim>,
) -> ApiResult<axum::Json<Tasks>> {
    let count = claim.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid_member(
            "count",
            "must be between 1 and 10",
        ));
    }
    let tasks = app
        .core
        .task_claim(user, claim.project_id.map(ProjectId), count, app.now())
        .await?;
    Ok(axum::Json(Tasks {
        tasks: tasks.into_iter().map(Into::into).collect(),
    }))
}
