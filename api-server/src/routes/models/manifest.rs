//! `GET /models/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Model as ModelResource;
use datacrowd_protocol::ids::ModelId;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The model as a resource that `kubectl apply` takes.
#[utoipa::path(get, path = "/models/{id}/manifest", tag = "models", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn model_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let model = app.core.model_get(owner.scope(), ModelId(id)).await?;
    let tenant = app.core.tenant_get(model.tenant).await?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &model.namespace,
        name: &model.name,
        uid: model.bound_uid,
    };
    manifest::of::<ModelResource>(&app, indexed).await
}
