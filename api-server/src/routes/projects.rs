//! Projects: written as resources, read from their index rows.

pub mod delete;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use datacrowd_crds::{Project as ProjectResource, ProjectSpec};
use datacrowd_labelling::{Project, Tenant};
use datacrowd_protocol::{
    Upper,
    ids::ProjectId,
    internal::{BillingStatus, ProjectState},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    labeling::LabelingBody,
    paging::{InState, PageBody, Paging},
};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    idempotency::SameRequest,
    names::resource_name,
    state::App,
    upsert,
};

/// How often a change is tried over a resource that others change.
const PATCH_ATTEMPTS: usize = 5;

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

/// What a project may still spend.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingBody {
    #[schema(value_type = String, example = "UNPAID")]
    status: Upper<BillingStatus>,
    task_quota: i64,
    tasks_used: i64,
    debt: i64,
}

impl From<datacrowd_protocol::internal::Billing> for BillingBody {
    fn from(b: datacrowd_protocol::internal::Billing) -> Self {
        Self {
            status: Upper(b.status),
            task_quota: b.quota,
            tasks_used: b.used,
            debt: b.debt,
        }
    }
}

/// Tasks by status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TasksBody {
    total: i64,
    new: i64,
    locked: i64,
    in_review: i64,
    approved: i64,
    rejected: i64,
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectBody {
    id: Uuid,
    name: String,
    namespace: String,
    display_name: String,
    description: String,
    #[schema(value_type = String, example = "TEXT")]
    data_type: Upper<DataType>,
    #[schema(value_type = String, example = "ACTIVE")]
    state: Upper<ProjectState>,
    /// Why the latest spec is not in force.
    refusal: Option<String>,
    /// How to bring the project back, when it was deleted.
    message: Option<String>,
    billing: BillingBody,
    labeling_version: i32,
    labeling: Option<LabelingBody>,
    datasets: i64,
    tasks: TasksBody,
    created_at: DateTime<Utc>,
}

impl From<Project> for ProjectBody {
    fn from(p: Project) -> Self {
        let message = p.deleted().map(|way_back| way_back.message());
        let t = p.tasks;
        Self {
            id: p.id.0,
            name: p.name,
            namespace: p.namespace,
            display_name: p.display_name,
            description: p.description,
            data_type: Upper(p.data_type),
            state: Upper(p.state),
            refusal: p.refusal,
            message,
            billing: p.billing.into(),
            labeling_version: p.labeling_version,
            labeling: p.labeling.map(Into::into),
            datasets: p.datasets,
            tasks: TasksBody {
                total: t.total,
                new: t.new,
                locked: t.locked,
                in_review: t.in_review,
                approved: t.approved,
                rejected: t.rejected,
            },
            created_at: p.created_at,
        }
    }
}

fn etag(generation: i64) -> [(header::HeaderName, HeaderValue); 1] {
    [(
        header::ETAG,
        HeaderValue::from_str(&format!("\"{generation}\""))
            .unwrap_or(HeaderValue::from_static("\"0\"")),
    )]
}

fn refuse_violations(labeling: &Labeling) -> ApiResult<()> {
    let violations = labeling.violations();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid(
            "invalid_request",
            violations.into_iter().collect(),
        ))
    }
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

/// The index row of a resource that was just written.
pub async fn index(app: &App, tenant: &Tenant, written: &ProjectResource) -> ApiResult<Project> {
    let upsert = upsert::project(upsert::seen(written, &tenant.name)?);
    let view = app.core.project_upsert(&upsert).await?;
    Ok(app.core.project_get(Some(tenant.id), view.id).await?)
}

/// My tenant's projects.
#[utoipa::path(get, path = "/projects", tag = "projects", params(Paging, InState), responses((status = 200, body = PageBody<ProjectBody>)))]
pub async fn project_list(
    State(app): State<App>,
    owner: Owner,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<ProjectBody>>> {
    let page = app
        .core
        .project_list(
            owner.scope(),
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// One project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)), responses((status = 200, body = ProjectBody)))]
pub async fn project_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    Ok((
        etag(project.generation),
        axum::Json(ProjectBody::from(project)),
    ))
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
    for _ in 0..PATCH_ATTEMPTS {
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
    Err(ApiError::new(
        StatusCode::CONFLICT,
        "changing",
        "The project is being changed by somebody else again and again; try again in a moment.",
    )
    .retry_after(1))
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
    let current = format!("\"{current}\"");
    match headers.get(header::IF_MATCH) {
        Some(wanted) if wanted.as_bytes() != current.as_bytes() && wanted.as_bytes() != b"*" => {
            Err(ApiError::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "The project has changed; read it again and repeat your change.",
            )
            .detail("etag", current))
        }
        _ => Ok(()),
    }
}
