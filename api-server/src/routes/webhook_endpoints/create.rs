//! `POST /webhook-endpoints`.

use axum::{extract::State, http::StatusCode};
use datacrowd_notifications::NewEndpoint;
use datacrowd_protocol::ids::ProjectId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WebhookBody;
use crate::{auth::Owner, error::ApiResult, extract::Json, state::App};

/// A new endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"url": "https://example.com/hooks", "eventTypes": ["io.datacrowd.batch.done.v1"]}))]
pub struct NewWebhook {
    /// Where events are posted to: `https` or `http`, without user name and fragment.
    url: String,
    /// Types that are told; all when empty or absent.
    #[serde(default)]
    event_types: Vec<String>,
    /// The one project that is told of; all when absent.
    project_id: Option<Uuid>,
    /// For people, 500 characters at most.
    #[serde(default)]
    description: String,
    /// Whether nothing is sent yet.
    #[serde(default)]
    suspended: bool,
}

/// Adds an endpoint: from now on, what happens is posted there as CloudEvents, signed as Standard Webhooks 1.0 has it. Ask for its secret
/// with `POST /webhook-endpoints/{id}/secret`.
#[utoipa::path(post, path = "/webhook-endpoints", tag = "webhooks", request_body = NewWebhook, responses((status = 201, body = WebhookBody)))]
pub async fn webhook_create(
    State(app): State<App>,
    owner: Owner,
    Json(new): Json<NewWebhook>,
) -> ApiResult<(StatusCode, axum::Json<WebhookBody>)> {
    let tenant = owner.home()?.0.id;
    if let Some(project) = new.project_id {
        app.core
            .project_get(Some(tenant), ProjectId(project))
            .await?;
    }
    let new = NewEndpoint {
        project: new.project_id.map(ProjectId),
        url: new.url,
        event_types: new.event_types,
        description: new.description,
        suspended: new.suspended,
    };
    let made = app
        .notifications
        .endpoint_create(tenant, &new, app.now())
        .await?;
    let details = json!({"url": made.url});
    owner
        .audit(&app, "webhook.create", &made.id.to_string(), details)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}
