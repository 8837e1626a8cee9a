//! Projects: written as resources, read from their index rows.

pub mod answer_schema;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod manifest;
pub mod media;
pub mod patch;
pub mod restore;

use axum::http::{HeaderValue, header};
use chrono::{DateTime, Utc};
use datacrowd_crds::Project as ProjectResource;
use datacrowd_labelling::{Project, Tenant};
use datacrowd_protocol::{
    Upper,
    internal::{BillingStatus, ProjectState},
    labeling::{DataType, Labeling},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    routes::{condition::ConditionBody, labeling::LabelingBody},
    state::App,
    upsert,
};

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
    /// Of the resource. Absent in lists and answers to changes, and where the cluster does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<ConditionBody>>,
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
            conditions: None,
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
            Code::InvalidRequest,
            violations.into_iter().collect(),
        ))
    }
}

/// The index row of a resource that was just written.
pub async fn index(app: &App, tenant: &Tenant, written: &ProjectResource) -> ApiResult<Project> {
    let upsert = upsert::project(upsert::seen(written, &tenant.name)?);
    let view = app.core.project_upsert(&upsert).await?;
    Ok(app.core.project_get(Some(tenant.id), view.id).await?)
}
