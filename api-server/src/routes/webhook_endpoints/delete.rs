//! `DELETE /webhook-endpoints/{id}`.

use axum::{extract::State, http::StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Removes an endpoint and the record of what was sent there.
#[utoipa::path(delete, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn webhook_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    app.notifications.endpoint_delete(owner.scope(), id).await?;
    owner
        .audit(&app, "webhook.delete", &id.to_string(), json!({}))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
