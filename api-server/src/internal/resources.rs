//! The operator's calls about resources.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{DatasetSpec, ExportSpec, ProjectSpec};
use datacrowd_labelling::{BillingMode, DatasetUpsert, ExportUpsert, ProjectUpsert};
use datacrowd_protocol::{
    export::{ExportTrigger, RowPer},
    ids::{DatasetId, ExportId, ProjectId, ResourceUid},
    internal::{
        Billing, DatasetView, DeleteQuery, ExportView, Grant, ProjectView, ReportFailure, Upsert,
    },
    source::{DeletionPolicy, SourceFormat, SourceUri},
};
use serde::Deserialize;
use uuid::Uuid;

use super::auth::Trusted;
use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
};

/// Upsert a Project's index row.
#[utoipa::path(put, path = "/internal/projects", tag = "operator", security(("operator" = [])), request_body = serde_json::Value, responses((status = 200)))]
pub async fn project_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ProjectSpec>>,
) -> ApiResult<axum::Json<ProjectView>> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        spec,
    } = up;
    let upsert = ProjectUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        display_name: spec.display_name,
        description: spec.description.unwrap_or_default(),
        data_type: spec.data_type,
        paused: spec.paused.unwrap_or(false),
        closed: spec.closed.unwrap_or(false),
        deletion_policy: spec.deletion_policy.unwrap_or(DeletionPolicy::Retain),
        labeling: spec.labeling,
    };
    Ok(axum::Json(app.core.project_upsert(&upsert).await?))
}

/// Upsert a Dataset's index row.
#[utoipa::path(put, path = "/internal/datasets", tag = "operator", security(("operator" = [])), request_body = serde_json::Value, responses((status = 200)))]
pub async fn dataset_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<DatasetSpec>>,
) -> ApiResult<axum::Json<DatasetView>> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        spec,
    } = up;
    let invalid =
        |why: String| ApiError::invalid("invalid_spec", [("source".to_owned(), why)].into());
    let uri = SourceUri::parse(&spec.source.uri).map_err(|e| invalid(e.to_string()))?;
    let own_credentials = spec.source.credentials_secret_ref.is_some();
    if !own_credentials && (uri.bucket != app.objects.bucket() || !uri.is_below(&namespace)) {
        return Err(invalid(format!(
            "source.uri must lie below s3://{}/{namespace}/, or name a bucket of your own with credentialsSecretRef",
            app.objects.bucket()
        )));
    }
    let format = spec
        .source
        .format
        .or_else(|| SourceFormat::from_extension(&uri.key));
    let upsert = DatasetUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project_name: spec.project_ref.name.clone(),
        source_uri: spec.source.uri.clone(),
        format: format.ok_or_else(|| invalid("source.format is absent and the file name ends in neither .csv nor .jsonl; set source.format".into()))?,
        own_credentials,
        batch_size: spec.batch_size(),
        max_invalid_rows: spec.max_invalid_rows(),
        suspended: spec.suspended(),
    };
    Ok(axum::Json(app.core.dataset_upsert(&upsert).await?))
}

/// Upsert an Export's index row.
#[utoipa::path(put, path = "/internal/exports", tag = "operator", security(("operator" = [])), request_body = serde_json::Value, responses((status = 200)))]
pub async fn export_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ExportSpec>>,
) -> ApiResult<axum::Json<ExportView>> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        spec,
    } = up;
    let upsert = ExportUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project_name: spec.project_ref.name,
        dataset_name: spec.dataset_ref.map(|d| d.name),
        format: spec.format,
        trigger: spec.trigger.unwrap_or(ExportTrigger::Now),
        row_per: spec.row_per.unwrap_or(RowPer::Answer),
        since: spec.since,
        raw_cells: spec.raw_cells.unwrap_or(false),
    };
    Ok(axum::Json(
        app.core
            .export_upsert(&upsert, app.objects.bucket())
            .await?,
    ))
}

/// Grant a project judgements; only when billing is Manual.
#[utoipa::path(patch, path = "/internal/projects/{id}/billing", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = serde_json::Value, responses((status = 200)))]
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

/// Take a dataset away from its runner before a deletion.
#[utoipa::path(post, path = "/internal/datasets/{id}/fence", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = serde_json::Value, responses((status = 204)))]
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
#[utoipa::path(delete, path = "/internal/projects/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), responses((status = 204)))]
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

/// End a Dataset's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/datasets/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn dataset_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    app.core
        .dataset_delete(
            DatasetId(id),
            ResourceUid(query.uid),
            query.policy,
            app.objects.bucket(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End an Export's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/exports/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), responses((status = 204)))]
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
#[utoipa::path(patch, path = "/internal/datasets/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = serde_json::Value, responses((status = 204)))]
pub async fn dataset_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}

/// Report a Job that failed without a word of its own.
#[utoipa::path(patch, path = "/internal/exports/{id}/status", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = serde_json::Value, responses((status = 204)))]
pub async fn export_status(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(report): Json<ReportFailure>,
) -> ApiResult<StatusCode> {
    failed(&app, id, report).await
}
