//! `GET /exports/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Export as ExportResource;
use datacrowd_protocol::ids::ExportId;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The export as a resource that `kubectl apply` takes.
#[utoipa::path(get, path = "/exports/{id}/manifest", tag = "exports", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn export_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let export = app.core.export_get(owner.scope(), ExportId(id)).await?;
    let tenant = app.core.tenant_get(export.tenant).await?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &export.namespace,
        name: &export.name,
        uid: export.bound_uid,
    };
    manifest::of::<ExportResource>(&app, indexed).await
}
