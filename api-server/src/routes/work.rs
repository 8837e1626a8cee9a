//! What a worker may work on.

use axum::extract::State;
use datacrowd_labelling::{WorkProject, answer_schema};
use datacrowd_protocol::ids::ProjectId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::labeling::LabelingBody;
use crate::{auth::Worker, error::ApiResult, extract::Path, state::App};

/// A project as its workers see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkProjectBody {
    id: Uuid,
    display_name: String,
    description: String,
    labeling_version: i32,
    labeling: LabelingBody,
    /// JSON Schema of an answer.
    #[schema(value_type = Object)]
    answer_schema: Value,
    my_answers: i64,
}

impl From<WorkProject> for WorkProjectBody {
    fn from(p: WorkProject) -> Self {
        let answer_schema = answer_schema(&p.labeling);
        Self {
            id: p.id.0,
            display_name: p.display_name,
            description: p.description,
            labeling_version: p.labeling_version,
            labeling: p.labeling.into(),
            answer_schema,
            my_answers: p.my_answers,
        }
    }
}

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
