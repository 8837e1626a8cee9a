//! `PATCH /webhook-endpoints/{id}`.

use axum::extract::State;
use datacrowd_crds::{Webhook, WebhookSpec};
use datacrowd_notifications::{Endpoint, EndpointPatch};
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WebhookBody;
use crate::{
    auth::Owner,
    cluster::CHANGE_ATTEMPTS,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
    webhooks,
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

/// Changes an endpoint, by its resource. What waits to be sent goes to its new address.
#[utoipa::path(patch, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), request_body = WebhookPatch, responses((status = 200, body = WebhookBody)))]
pub async fn webhook_patch(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(patch): Json<WebhookPatch>,
) -> ApiResult<axum::Json<WebhookBody>> {
    let endpoint = app.notifications.endpoint_get(owner.scope(), id).await?;
    let asked = patch.asked();
    asked.fits()?;
    let is_bound = endpoint.resource.is_some() && change_resource(&app, &endpoint, &patch).await?;
    let asked = match is_bound {
        // An endpoint that the platform disabled is enabled though its resource says nothing new.
        true => EndpointPatch {
            suspended: patch.suspended,
            ..EndpointPatch::default()
        },
        false => asked,
    };
    let changed = app
        .notifications
        .endpoint_patch(owner.scope(), id, &asked, app.now())
        .await?;
    let details = json!({"url": changed.url, "suspended": changed.suspended});
    owner
        .audit(&app, "webhook.change", &id.to_string(), details)
        .await?;
    Ok(axum::Json(changed.into()))
}

impl WebhookPatch {
    fn asked(&self) -> EndpointPatch {
        EndpointPatch {
            url: self.url.clone(),
            event_types: self.event_types.clone(),
            description: self.description.clone(),
            suspended: self.suspended,
        }
    }

    /// The spec with what this change names.
    fn over(&self, spec: WebhookSpec) -> WebhookSpec {
        WebhookSpec {
            url: self.url.clone().unwrap_or(spec.url),
            event_types: self.event_types.clone().unwrap_or(spec.event_types),
            project_ref: spec.project_ref,
            description: match &self.description {
                Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                None => spec.description,
            },
            suspend: self.suspended.or(spec.suspend),
        }
    }
}

/// Whether the endpoint's resource says it now. False when there is none any more: then the endpoint is REST's own.
async fn change_resource(app: &App, endpoint: &Endpoint, patch: &WebhookPatch) -> ApiResult<bool> {
    let tenant = app.core.tenant_get(endpoint.tenant).await?;
    // Somebody else may write between reading and writing, the operator its status too: then once more.
    for _ in 0..CHANGE_ATTEMPTS {
        let Some((at, read)) = webhooks::resource_of(app, &tenant, endpoint).await? else {
            return Ok(false);
        };
        let spec = patch.over(read.spec.clone());
        if spec == read.spec {
            return Ok(true);
        }
        let mut intent = Webhook::new(&read.name_any(), spec);
        intent.metadata.namespace = read.namespace();
        if let Some(written) = app.cluster.apply_over(&at, &read, intent).await? {
            webhooks::index_written(app, &tenant, &written).await?;
            return Ok(true);
        }
    }
    Err(ApiError::changing())
}
