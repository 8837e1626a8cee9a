//! `GET /webhook-endpoints/{id}`.

use axum::extract::State;
use uuid::Uuid;

use super::WebhookBody;
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// An endpoint.
#[utoipa::path(get, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = WebhookBody)))]
pub async fn webhook_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<WebhookBody>> {
    let endpoint = app.notifications.endpoint_get(owner.scope(), id).await?;
    Ok(axum::Json(endpoint.into()))
}
