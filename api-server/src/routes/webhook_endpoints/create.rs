//! `POST /webhook-endpoints`.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{Webhook, WebhookSpec, dataset::ProjectRef};
use datacrowd_notifications::NewEndpoint;
use datacrowd_protocol::ids::ProjectId;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WebhookBody;
use crate::{
    auth::Owner, error::ApiResult, extract::Json, idempotency::SameRequest, names::resource_name,
    state::App, webhooks,
};

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

/// Adds an endpoint, as a resource `Webhook`: from now on, what happens is posted there as CloudEvents, signed as Standard Webhooks 1.0 has it. Ask for its secret
/// with `POST /webhook-endpoints/{id}/secret`.
#[utoipa::path(post, path = "/webhook-endpoints", tag = "webhooks", request_body = NewWebhook, responses((status = 201, body = WebhookBody)))]
pub async fn webhook_create(
    State(app): State<App>,
    owner: Owner,
    Json(new): Json<NewWebhook>,
) -> ApiResult<(StatusCode, axum::Json<WebhookBody>)> {
    let (tenant, home) = owner.home()?;
    let project = match new.project_id {
        Some(id) => {
            let found = app
                .core
                .project_find(Some(tenant.id), ProjectId(id))
                .await?;
            Some(found.live()?)
        }
        None => None,
    };
    // What the cluster would say of it in its own words.
    let asked = NewEndpoint {
        project: project.as_ref().map(|project| project.id),
        url: new.url,
        event_types: new.event_types,
        description: new.description,
    };
    app.notifications.endpoint_admits(tenant.id, &asked).await?;
    let namespace = project.as_ref().map_or(home, |project| &project.namespace);
    let name = resource_name(&host(&asked.url), "webhook", SameRequest(None));
    let mut resource = Webhook::new(
        &name,
        WebhookSpec {
            url: asked.url,
            event_types: asked.event_types,
            project_ref: project.as_ref().map(|project| ProjectRef {
                name: project.name.clone(),
            }),
            description: Some(asked.description).filter(|text| !text.is_empty()),
            suspend: new.suspended.then_some(true),
        },
    );
    resource.metadata.namespace = Some(namespace.to_owned());
    let at = app.cluster.bound(namespace, tenant).await?;
    let made = app.cluster.make(&at, &resource).await?;
    let indexed = webhooks::index_written(&app, tenant, &made.resource).await;
    let made = app.cluster.keep(&made, indexed).await?;
    let details = json!({"url": made.url});
    owner
        .audit(&app, "webhook.create", &made.id.to_string(), details)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Whose address it is, without what it may hold of secrets.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}
