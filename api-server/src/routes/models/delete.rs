//! `DELETE /models/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::ModelId;
use serde_json::json;
use uuid::Uuid;

use crate::{auth::Owner, deletion, error::ApiResult, extract::Path, state::App};

/// Delete a model. What it predicted, and its file where that was uploaded here, stay or go by the project's deletion policy.
#[utoipa::path(delete, path = "/models/{id}", tag = "models", params(("id" = Uuid, Path)), responses((status = 202)))]
pub async fn model_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let model = app.core.model_get(owner.scope(), ModelId(id)).await?;
    let tenant = app.core.tenant_get(model.tenant).await?;
    owner
        .audit(&app, "model.delete", &id.to_string(), json!({}))
        .await?;
    let at = app.cluster.bound(&model.namespace, &tenant).await?;
    let project = app.core.project_get(None, model.project).await?;
    deletion::model(&app, &at, &model, project.deletion_policy).await?;
    Ok(StatusCode::ACCEPTED)
}
