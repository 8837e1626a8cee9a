//! `POST /projects/{id}/restore`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{Project as ProjectResource, ProjectSpec};
use datacrowd_labelling::Project;
use datacrowd_protocol::{ids::ProjectId, internal::ProjectState};
use serde_json::json;
use uuid::Uuid;

use super::ProjectBody;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult, Code},
    extract::Path,
    routes::{
        projects,
        restore::{refuse_live, there},
    },
    state::App,
};

/// Bring a deleted project back, as it was: its form, its quota and its payments. Its datasets are brought back one by one.
#[utoipa::path(post, path = "/projects/{id}/restore", tag = "projects", params(("id" = Uuid, Path)), responses((status = 201, body = ProjectBody)))]
pub async fn project_restore(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    if project.state != ProjectState::Deleted {
        let (namespace, name) = (&project.namespace, &project.name);
        return Err(refuse_live::<ProjectResource>(&app, &tenant, namespace, name).await);
    }
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let resource = project_resource(&project).ok_or_else(|| ApiError::new(Code::NeverInForce))?;
    owner
        .audit(&app, "project.restore", &id.to_string(), json!({}))
        .await?;
    // One that was applied meanwhile is as good.
    let written = match there(&app, &at, &project.name).await? {
        Some(there) => there,
        None => app.cluster.apply(&at, &resource, false).await?,
    };
    let project = projects::index(&app, &tenant, &written).await?;
    Ok((StatusCode::CREATED, axum::Json(ProjectBody::from(project))))
}

fn project_resource(project: &Project) -> Option<ProjectResource> {
    let spec = ProjectSpec {
        display_name: project.display_name.clone(),
        description: (!project.description.is_empty()).then(|| project.description.clone()),
        data_type: project.data_type,
        paused: project.paused.then_some(true),
        closed: project.closed.then_some(true),
        deletion_policy: Some(project.deletion_policy),
        labeling: project.labeling.clone()?,
    };
    let mut resource = ProjectResource::new(&project.name, spec);
    resource.metadata.namespace = Some(project.namespace.clone());
    Some(resource)
}
