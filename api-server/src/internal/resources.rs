//! The operator's calls about resources.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{DatasetSpec, ExportSpec, ProjectSpec};
use datacrowd_labelling::{BillingMode, Deletion};
use datacrowd_protocol::{
    ids::{DatasetId, ExportId, ProjectId, ResourceUid},
    internal::{
        Billing, DatasetView, DeleteQuery, Departed, Departure, ExportView, Grant, ProjectView,
        ReportFailure, Upsert,
    },
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::Trusted;
use crate::{
    adopt, deletion,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    state::App,
    upsert,
};

/// Upsert a Project's index row.
#[utoipa::path(put, path = "/internal/projects", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = ProjectView)))]
pub async fn project_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ProjectSpec>>,
) -> ApiResult<axum::Json<ProjectView>> {
    Ok(axum::Json(
        app.core.project_upsert(&upsert::project(up)).await?,
    ))
}

/// Upsert a Dataset's index row.
#[utoipa::path(put, path = "/internal/datasets", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = DatasetView)))]
pub async fn dataset_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<DatasetSpec>>,
) -> ApiResult<axum::Json<DatasetView>> {
    Ok(axum::Json(adopt::dataset(&app, up).await?))
}

/// Upsert an Export's index row.
#[utoipa::path(put, path = "/internal/exports", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = ExportView)))]
pub async fn export_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ExportSpec>>,
) -> ApiResult<axum::Json<ExportView>> {
    Ok(axum::Json(
        app.core
            .export_upsert(&upsert::export(up)?, app.objects.bucket().name())
            .await?,
    ))
}

/// Grant a project judgements; only when billing is Manual.
#[utoipa::path(patch, path = "/internal/projects/{id}/billing", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = Grant, responses((status = 200, body = Billing)))]
pub async fn project_billing(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(grant): Json<Grant>,
) -> ApiResult<axum::Json<Billing>> {
    if app.core.billing_mode() != BillingMode::Manual {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "billing_not_manual",
            "Grants by hand are taken while billing.mode is Manual; nothing is gated now.",
        ));
    }
    Ok(axum::Json(
        app.core
            .project_grant(ProjectId(id), &grant.grant_id, grant.judgements)
            .await?,
    ))
}

/// Body of a fence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    uid: Uuid,
}

/// Take a dataset away from its runner before a deletion.
#[utoipa::path(post, path = "/internal/datasets/{id}/fence", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = Fence, responses((status = 204)))]
pub async fn dataset_fence(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(fence): Json<Fence>,
) -> ApiResult<StatusCode> {
    app.core
        .dataset_fence(DatasetId(id), ResourceUid(fence.uid))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a Project's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/projects/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 204)))]
pub async fn project_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    app.core
        .project_delete(ProjectId(id), ResourceUid(query.uid), query.policy)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long one request may let go; the same request goes on.
const DEPARTURE_SHARE: Duration = Duration::from_secs(5);

/// Say whose namespace a resource is in: what was bound for another tenant is let go, its rows kept.
#[utoipa::path(post, path = "/internal/departures", tag = "operator", security(("operator" = [])), request_body = Departure, responses((status = 200, body = Departed)))]
pub async fn departure(
    State(app): State<App>,
    _: Trusted,
    Json(departure): Json<Departure>,
) -> ApiResult<axum::Json<Departed>> {
    let Departure { kind, uid, tenant } = departure;
    let bucket = app.objects.bucket();
    let end = tokio::time::Instant::now() + DEPARTURE_SHARE;
    loop {
        let step = app
            .core
            .resource_departs(
                kind,
                ResourceUid(uid),
                tenant.as_deref(),
                bucket.name(),
                app.now(),
            )
            .await?;
        if !step.unfinished || tokio::time::Instant::now() > end {
            return Ok(axum::Json(step));
        }
    }
}

/// End a Dataset's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/datasets/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 202), (status = 204)))]
pub async fn dataset_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    let (id, uid) = (DatasetId(id), ResourceUid(query.uid));
    // 202 says that there is more, and the same request goes on.
    match deletion::dataset(&app, id, uid, query.policy).await? {
        Deletion::Done => Ok(StatusCode::NO_CONTENT),
        Deletion::Unfinished => Ok(StatusCode::ACCEPTED),
    }
}

/// End an Export's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/exports/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 204)))]
pub async fn export_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    app.core
        .export_delete(ExportId(id), ResourceUid(query.uid), query.policy)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn failed(app: &App, target: Uuid, report: ReportFailure) -> ApiResult<StatusCode> {
    app.core
        .run_failed(
            target,
            ResourceUid(report.uid),
            report.attempt,
            report.reason,
            &report.message,
            app.now(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report a Job that failed without a word of its own.
#[utoipa::path(patch, path = "/internal/datasets/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = ReportFailure, responses((status = 204)))]
pub async fn dataset_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}

/// Report a Job that failed without a word of its own.
#[utoipa::path(patch, path = "/internal/exports/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = ReportFailure, responses((status = 204)))]
pub async fn export_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}
