//! `PUT /projects/{id}/quality/tasks/{taskId}/decision`.

use axum::extract::State;
use datacrowd_labelling::NewDecision;
use datacrowd_protocol::{
    ids::{ProjectId, TaskId},
    raw::RawJson,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::DecisionBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// What a task's label is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": "positive"}))]
pub struct Decide {
    /// A value of the field that `labeling.consensus` names, as a worker would give it.
    #[schema(value_type = serde_json::Value)]
    value: RawJson,
}

/// Decide the label of a task: exports from now on carry it with the method `DECISION` and confidence 1, whatever workers
/// answered. It is no answer, and costs nothing.
#[utoipa::path(put, path = "/projects/{id}/quality/tasks/{taskId}/decision", tag = "quality", params(("id" = Uuid, Path), ("taskId" = i64, Path)), request_body = Decide, responses((status = 200, body = DecisionBody)))]
pub async fn task_decide(
    State(app): State<App>,
    owner: Owner,
    Path((id, task)): Path<(Uuid, i64)>,
    Json(body): Json<Decide>,
) -> ApiResult<axum::Json<DecisionBody>> {
    let decision = NewDecision {
        project: ProjectId(id),
        task: TaskId(task),
        value: body.value,
        actor: owner.user(),
    };
    let decided = app
        .core
        .decision_put(owner.scope(), decision, app.now())
        .await?;
    Ok(axum::Json(decided.into()))
}
