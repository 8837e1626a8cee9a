//! `PATCH /projects/{id}`.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use datacrowd_crds::{Project as ProjectResource, ProjectSpec};
use datacrowd_protocol::{Upper, ids::ProjectId, source::DeletionPolicy};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ProjectBody, etag, index, refuse_violations};
use crate::{
    auth::Owner,
    cluster::CHANGE_ATTEMPTS,
    error::{ApiError, ApiResult, Code},
    extract::{Json, Path},
    guards::conditional::of_generation,
    routes::labeling::LabelingBody,
    state::App,
};

/// What may change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectChange {
    #[schema(example = "Product reviews")]
    display_name: Option<String>,
    #[schema(example = "Are these reviews positive?")]
    description: Option<String>,
    labeling: Option<LabelingBody>,
    paused: Option<bool>,
    closed: Option<bool>,
    #[schema(example = "RETAIN", value_type = Option<String>)]
    deletion_policy: Option<Upper<DeletionPolicy>>,
}

/// Change a project. `If-Match` with its ETag refuses a change over somebody else's.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)), request_body = ProjectChange, responses((status = 200, body = ProjectBody)))]
pub async fn project_patch(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(change): Json<ProjectChange>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    if let Some(labeling) = &change.labeling {
        refuse_violations(&labeling.clone().into())?;
    }
    // Somebody else may write between reading and writing, the operator its status too: then once more.
    for _ in 0..CHANGE_ATTEMPTS {
        let at = app.cluster.bound(&project.namespace, &tenant).await?;
        let read: ProjectResource = app
            .cluster
            .get_bound(&at, &project.name, project.bound_uid)
            .await?;
        let current = read.metadata.generation.unwrap_or(0);
        require_match(&headers, current)?;
        let spec = change.over(read.spec.clone());
        app.core.project_admits(project.id, &spec.labeling).await?;
        let mut intent = ProjectResource::new(&project.name, spec);
        intent.metadata.namespace = Some(project.namespace.clone());
        let details = json!({"generation": current});
        owner
            .audit(&app, "project.change", &id.to_string(), details)
            .await?;
        if let Some(written) = app.cluster.apply_over(&at, &read, intent).await? {
            let project = index(&app, &tenant, &written).await?;
            return Ok((
                etag(project.generation),
                axum::Json(ProjectBody::from(project)),
            ));
        }
    }
    Err(ApiError::changing())
}

impl ProjectChange {
    /// The spec with what this change names.
    fn over(&self, spec: ProjectSpec) -> ProjectSpec {
        ProjectSpec {
            display_name: self.display_name.clone().unwrap_or(spec.display_name),
            description: self.description.clone().or(spec.description),
            data_type: spec.data_type,
            paused: self.paused.or(spec.paused),
            closed: self.closed.or(spec.closed),
            deletion_policy: self.deletion_policy.map(|p| p.0).or(spec.deletion_policy),
            labeling: self.labeling.clone().map_or(spec.labeling, Into::into),
        }
    }
}

fn require_match(headers: &HeaderMap, current: i64) -> ApiResult<()> {
    let current = current.to_string();
    match headers.get(header::IF_MATCH) {
        Some(wanted) if wanted != "*" && of_generation(wanted) != current => {
            Err(ApiError::new(Code::PreconditionFailed).detail("etag", format!("\"{current}\"")))
        }
        _ => Ok(()),
    }
}
