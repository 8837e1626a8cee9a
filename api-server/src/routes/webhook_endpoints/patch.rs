//! `PATCH /webhook-endpoints/{id}`.

use axum::extract::State;
use datacrowd_notifications::EndpointPatch;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WebhookBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// What changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"suspended": false}))]
pub struct WebhookPatch {
    url: Option<String>,
    event_types: Option<Vec<String>>,
    description: Option<String>,
    /// True sends nothing until it is false again; false enables an endpoint that the platform disabled, too.
    suspended: Option<bool>,
}

/// Changes an endpoint. What waits to be sent goes to its new address.
#[utoipa::path(patch, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), request_body = WebhookPatch, responses((status = 200, body = WebhookBody)))]
pub async fn webhook_patch(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(patch): Json<WebhookPatch>,
) -> ApiResult<axum::Json<WebhookBody>> {
    let patch = EndpointPatch {
        url: patch.url,
        event_types: patch.event_types,
        description: patch.description,
        suspended: patch.suspended,
    };
    let changed = app
        .notifications
        .endpoint_patch(owner.scope(), id, &patch, app.now())
        .await?;
    let details = json!({"url": changed.url, "suspended": changed.suspended});
    owner
        .audit(&app, "webhook.change", &id.to_string(), details)
        .await?;
    Ok(axum::Json(changed.into()))
}
