//! `GET /projects/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Project as ProjectResource;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The project as a resource that `kubectl apply` takes.
#[utoipa::path(get, path = "/projects/{id}/manifest", tag = "projects", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn project_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    if let Some(gone) = project.deleted() {
        return Err(gone.into());
    }
    let tenant = app.core.tenant_get(project.tenant).await?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &project.namespace,
        name: &project.name,
        uid: project.bound_uid,
    };
    manifest::of::<ProjectResource>(&app, indexed).await
}
