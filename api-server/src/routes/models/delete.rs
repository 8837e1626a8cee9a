//! `DELETE /models/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::Model as ModelResource;
use datacrowd_protocol::ids::ModelId;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::Owner,
    cluster::Deleted,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// Delete a model. What it predicted, and its file where that was uploaded here, stay or go by the project's deletion policy.
#[utoipa::path(delete, path = "/models/{id}", tag = "models", params(("id" = Uuid, Path)), responses((status = 202)))]
pub async fn model_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let model = app.core.model_get(owner.scope(), ModelId(id)).await?;
    let uid = model.bound_uid.ok_or_else(ApiError::not_found)?;
    let tenant = app.core.tenant_get(model.tenant).await?;
    owner
        .audit(&app, "model.delete", &id.to_string(), json!({}))
        .await?;
    let at = app.cluster.bound(&model.namespace, &tenant).await?;
    let deleted = app
        .cluster
        .delete::<ModelResource>(&at, &model.name, uid)
        .await?;
    if deleted == Deleted::Gone {
        // Nobody else tells the platform of a resource that is not there.
        let project = app.core.project_get(None, model.project).await?;
        app.core
            .model_delete(model.id, uid, project.deletion_policy)
            .await?;
    }
    Ok(StatusCode::ACCEPTED)
}
