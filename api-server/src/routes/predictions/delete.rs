//! `DELETE /predictions/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::PredictionId;
use serde_json::json;
use uuid::Uuid;

use crate::{auth::Owner, deletion, error::ApiResult, extract::Path, state::App};

/// Delete a prediction. What its model said of the dataset stays or goes by the project's deletion policy.
#[utoipa::path(delete, path = "/predictions/{id}", tag = "predictions", params(("id" = Uuid, Path)), responses((status = 202)))]
pub async fn prediction_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let prediction = app
        .core
        .prediction_get(owner.scope(), PredictionId(id))
        .await?;
    let tenant = app.core.tenant_get(prediction.tenant).await?;
    owner
        .audit(&app, "prediction.delete", &id.to_string(), json!({}))
        .await?;
    let at = app.cluster.bound(&prediction.namespace, &tenant).await?;
    let project = app.core.project_get(None, prediction.project).await?;
    deletion::prediction(&app, &at, &prediction, project.deletion_policy).await?;
    Ok(StatusCode::ACCEPTED)
}
