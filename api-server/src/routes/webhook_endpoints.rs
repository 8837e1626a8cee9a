//! Where clients want to be told of what happens, by webhooks.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod get;
pub mod list;
pub mod manifest;
pub mod patch;
pub mod resend;
pub mod secret;
pub mod test;

use chrono::{DateTime, Utc};
use datacrowd_notifications::Endpoint;
use datacrowd_protocol::{Upper, internal::WebhookState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{state::App, webhooks::state_of};

/// Where a client wants to be told, and what was sent there.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::webhook_create, list::webhook_list))
        .routes(routes!(
            get::webhook_get,
            patch::webhook_patch,
            delete::webhook_delete
        ))
        .routes(routes!(manifest::webhook_manifest))
        .routes(routes!(secret::webhook_secret))
        .routes(routes!(test::webhook_test))
        .routes(routes!(deliveries::delivery_list))
        .routes(routes!(deliveries::delivery_get))
        .routes(routes!(resend::delivery_resend))
        .routes(routes!(resend::delivery_resend_since))
}

/// An endpoint of webhooks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookBody {
    id: Uuid,
    /// Where events are posted to.
    #[schema(example = "https://example.com/hooks")]
    url: String,
    /// Types that are told; empty for all.
    #[schema(example = json!(["io.datacrowd.batch.done.v1"]))]
    event_types: Vec<String>,
    /// The one project that is told of; null for all.
    project_id: Option<Uuid>,
    description: String,
    /// ACTIVE; FAILING while every attempt fails; SUSPENDED by its owner; DISABLED by the platform.
    #[schema(value_type = String, example = "ACTIVE")]
    state: Upper<WebhookState>,
    /// Since when every attempt failed.
    failing_since: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    /// Why nothing is sent there any more.
    disabled_reason: Option<String>,
    /// Until when the secret before this one signs as well.
    previous_secret_until: Option<DateTime<Utc>>,
    /// Events that wait to be sent.
    pending: i64,
    /// The resource that says what it is, as `namespace/name`; null where REST alone does: it was made before there were any, or its resource left it.
    #[schema(example = "team-a/example-com-x7k2p")]
    resource: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Endpoint> for WebhookBody {
    fn from(e: Endpoint) -> Self {
        let state = Upper(state_of(&e));
        let (disabled_at, disabled_reason) = e.disabled.map(|d| (d.at, d.reason)).unzip();
        Self {
            id: e.id,
            url: e.url,
            event_types: e.event_types,
            project_id: e.project.map(|p| p.0),
            description: e.description,
            state,
            failing_since: e.failing_since,
            disabled_at,
            disabled_reason,
            previous_secret_until: e.previous_secret_until,
            pending: e.pending,
            resource: e.resource.map(|r| format!("{}/{}", r.namespace, r.name)),
            created_at: e.created_at,
            updated_at: e.updated_at,
        }
    }
}
