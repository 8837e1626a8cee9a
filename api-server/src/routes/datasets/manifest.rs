//! `GET /datasets/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Dataset as DatasetResource;
use datacrowd_protocol::ids::DatasetId;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The dataset as a resource that `kubectl apply` takes.
#[utoipa::path(get, path = "/datasets/{id}/manifest", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn dataset_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    if dataset.deleted().is_some() {
        return Err(super::gone(&dataset));
    }
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &dataset.namespace,
        name: &dataset.name,
        uid: dataset.bound_uid,
    };
    manifest::of::<DatasetResource>(&app, indexed).await
}
