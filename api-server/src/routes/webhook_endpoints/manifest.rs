//! `GET /webhook-endpoints/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Webhook;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The endpoint as a resource that `kubectl apply` takes. It holds no secret.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/manifest", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn webhook_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let endpoint = app.notifications.endpoint_get(owner.scope(), id).await?;
    let tenant = app.core.tenant_get(endpoint.tenant).await?;
    let resource = endpoint.resource.ok_or_else(ApiError::not_found)?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &resource.namespace,
        name: &resource.name,
        uid: Some(resource.uid),
    };
    manifest::of::<Webhook>(&app, indexed).await
}
