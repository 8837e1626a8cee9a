//! `GET /projects/{id}`.

use axum::{extract::State, response::IntoResponse};
use datacrowd_crds::Project as ProjectResource;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::{ProjectBody, etag};
use crate::{
    auth::Owner, error::ApiResult, extract::Path, routes::condition::ConditionBody, state::App,
};

/// One project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)), responses((status = 200, body = ProjectBody)))]
pub async fn project_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    let conditions = app.cluster.conditions::<ProjectResource>(
        &project.namespace,
        &project.name,
        project.bound_uid,
    );
    let conditions = conditions.await.map(ConditionBody::all);
    Ok((
        etag(project.generation),
        axum::Json(ProjectBody {
            conditions,
            ..project.into()
        }),
    ))
}
