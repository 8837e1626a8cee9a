//! `POST /webhook-endpoints/{id}/secret`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// A secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecret {
    /// What webhooks are signed with from now on.
    #[schema(example = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")]
    secret: String,
    /// Until when the secret before signs as well, so that receivers can be changed without a gap.
    previous_valid_until: DateTime<Utc>,
}

/// Makes the secret that an endpoint's webhooks are signed with, and shows it once. Asked for again, it is a rotation: the secret before
/// signs beside the new one for a day.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/secret", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = WebhookSecret)))]
pub async fn webhook_secret(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<WebhookSecret>> {
    let made = app
        .notifications
        .endpoint_secret(owner.scope(), id, app.now());
    let (secret, previous_valid_until) = made.await?;
    owner
        .audit(&app, "webhook.secret", &id.to_string(), json!({}))
        .await?;
    Ok(axum::Json(WebhookSecret {
        secret,
        previous_valid_until,
    }))
}
