//! The operator's calls about resources.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{DatasetSpec, ExportSpec, ProjectSpec};
use datacrowd_labelling::{BillingMode, Deletion};
use datacrowd_protocol::{
    ids::{DatasetId, ExportId, ProjectId, ResourceUid},
    internal::{
        Billing, DatasetView, DeleteQuery, ExportView, Grant, ProjectView, ReportFailure, Upsert,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::auth::Trusted;
use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    upsert,
};

pub async fn project_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ProjectSpec>>,
) -> ApiResult<axum::Json<ProjectView>> {
    Ok(axum::Json(
        app.core.project_upsert(&upsert::project(up)).await?,
    ))
}

pub async fn dataset_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<DatasetSpec>>,
) -> ApiResult<axum::Json<DatasetView>> {
    let upsert = upsert::dataset(up, app.objects.bucket())?;
    Ok(axum::Json(app.core.dataset_upsert(&upsert).await?))
}

pub async fn export_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ExportSpec>>,
) -> ApiResult<axum::Json<ExportView>> {
    Ok(axum::Json(
        app.core
            .export_upsert(&upsert::export(up), app.objects.bucket())
            .await?,
    ))
}

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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    uid: Uuid,
}

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

/// How long one request may delete; 202 then says that there is more, and the same request goes on.
const DELETION_SHARE: Duration = Duration::from_secs(5);

pub async fn dataset_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    let end = tokio::time::Instant::now() + DELETION_SHARE;
    let (id, uid) = (DatasetId(id), ResourceUid(query.uid));
    loop {
        let step = app
            .core
            .dataset_delete(id, uid, query.policy, app.objects.bucket())
            .await?;
        if step == Deletion::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
        if tokio::time::Instant::now() > end {
            return Ok(StatusCode::ACCEPTED);
        }
    }
}

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

pub async fn dataset_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}

pub async fn export_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}
