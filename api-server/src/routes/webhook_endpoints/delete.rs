//! `DELETE /webhook-endpoints/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::Webhook;
use serde_json::json;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App, upsert, webhooks};

/// Removes an endpoint, its resource, and the record of what was sent there.
#[utoipa::path(delete, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn webhook_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let endpoint = app.notifications.endpoint_get(owner.scope(), id).await?;
    let tenant = app.core.tenant_get(endpoint.tenant).await?;
    match webhooks::resource_of(&app, &tenant, &endpoint).await? {
        Some((at, resource)) => {
            let name = resource.metadata.name.as_deref().unwrap_or_default();
            let uid = upsert::uid_of(&resource)?;
            app.cluster.delete::<Webhook>(&at, name, uid).await?;
            // The operator would say so too, a moment later.
            app.notifications.endpoint_gone(id, uid, app.now()).await?;
        }
        None => app.notifications.endpoint_delete(owner.scope(), id).await?,
    }
    owner
        .audit(&app, "webhook.delete", &id.to_string(), json!({}))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
