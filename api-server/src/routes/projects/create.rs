//! `POST /projects`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{Project as ProjectResource, ProjectSpec};
use datacrowd_protocol::{
    Upper,
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{ProjectBody, etag, index, refuse_violations};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::Json,
    idempotency::SameRequest,
    names::resource_name,
    routes::labeling::LabelingBody,
    state::App,
};

/// A new project.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProject {
    /// Name shown to people.
    #[schema(example = "Product reviews")]
    display_name: String,
    /// What it is about.
    #[serde(default)]
    #[schema(example = "Are these reviews positive?")]
    description: Option<String>,
    /// TEXT, IMAGE, AUDIO, VIDEO or JSON.
    #[schema(value_type = String, example = "TEXT")]
    data_type: Upper<DataType>,
    /// What workers see and answer.
    labeling: LabelingBody,
    /// RETAIN or DELETE.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "RETAIN")]
    deletion_policy: Option<Upper<DeletionPolicy>>,
}

/// Create a project: the resource first, then its row.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject, responses((status = 201, body = ProjectBody)))]
pub async fn project_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Json(new): Json<NewProject>,
) -> ApiResult<impl IntoResponse> {
    let (tenant, namespace) = owner.home()?;
    if new.display_name.trim().is_empty() || new.display_name.chars().count() > 200 {
        return Err(ApiError::invalid_member(
            "displayName",
            "must have 1 to 200 characters",
        ));
    }
    let labeling: Labeling = new.labeling.into();
    refuse_violations(&labeling)?;
    let spec = ProjectSpec {
        display_name: new.display_name,
        description: new.description,
        data_type: new.data_type.0,
        paused: None,
        closed: None,
        deletion_policy: new.deletion_policy.map(|p| p.0),
        labeling,
    };
    let name = resource_name(&spec.display_name, "project", same);
    let subject = format!("{namespace}/{name}");
    let details = json!({"displayName": spec.display_name});
    let mut resource = ProjectResource::new(&name, spec);
    resource.metadata.namespace = Some(namespace.to_owned());
    owner
        .audit(&app, "project.create", &subject, details)
        .await?;
    let at = app.cluster.bound(namespace, tenant).await?;
    let made = app.cluster.make(&at, &resource).await?;
    let indexed = index(&app, tenant, &made.resource).await;
    let project = app.cluster.keep(&made, indexed).await?;
    Ok((
        StatusCode::CREATED,
        etag(project.generation),
        axum::Json(ProjectBody::from(project)),
    ))
}
