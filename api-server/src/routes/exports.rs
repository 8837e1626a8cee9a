//! Exports: a resource asks for the file, a Job writes it, a presigned link hands it out.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use datacrowd_crds::{
    Export as ExportResource, ExportSpec, dataset::ProjectRef, export::DatasetRef,
};
use datacrowd_labelling::{Error, Export, Tenant};
use datacrowd_protocol::{
    Upper,
    export::{ExportFormat, ExportTrigger, RowPer},
    ids::{DatasetId, ExportId, ProjectId},
    internal::{ExportState, ExportView},
    range,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::paging::{InState, PageBody, Paging};
use crate::{
    auth::Owner,
    cluster, debt,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    idempotency::SameRequest,
    names::resource_name,
    state::App,
    upsert,
};

/// What to export.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewExport {
    /// JSONL or CSV.
    #[schema(value_type = String, example = "JSONL")]
    format: Upper<ExportFormat>,
    dataset_id: Option<Uuid>,
    /// NOW or WHEN_COMPLETED.
    #[schema(value_type = Option<String>, example = "NOW")]
    trigger: Option<Upper<ExportTrigger>>,
    /// ANSWER or TASK.
    #[schema(value_type = Option<String>, example = "ANSWER")]
    row_per: Option<Upper<RowPer>>,
    /// Watermark of an earlier export: only what was approved after it.
    #[schema(example = 1200)]
    since: Option<i64>,
    /// Leave CSV cells unprotected against formulas.
    raw_cells: Option<bool>,
    /// Begin a CSV with a byte order mark, by which Excel knows UTF-8.
    bom: Option<bool>,
}

impl NewExport {
    /// Refuses what no export has, and what one of JSON lines does not have.
    fn fits(&self) -> ApiResult<()> {
        if !(0..=range::MOST).contains(&self.since.unwrap_or(0)) {
            return Err(ApiError::invalid_member(
                "since",
                "must be the watermark of an earlier export",
            ));
        }
        let is_csv = matches!(self.format.0, ExportFormat::Csv);
        let of_csv = [("bom", self.bom), ("rawCells", self.raw_cells)];
        match of_csv.iter().find(|(_, given)| *given == Some(true)) {
            Some((member, _)) if !is_csv => Err(ApiError::invalid_member(
                member,
                "belongs to CSV only; remove it",
            )),
            _ => Ok(()),
        }
    }
}

/// An export was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportAccepted {
    export_id: Uuid,
    #[schema(value_type = String, example = "PENDING")]
    state: Upper<ExportState>,
}

/// An export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportBody {
    id: Uuid,
    project_id: Uuid,
    name: String,
    namespace: String,
    #[schema(value_type = String, example = "READY")]
    state: Upper<ExportState>,
    #[schema(value_type = String)]
    format: Upper<ExportFormat>,
    #[schema(value_type = String)]
    trigger: Upper<ExportTrigger>,
    #[schema(value_type = String)]
    row_per: Upper<RowPer>,
    watermark: Option<i64>,
    rows: Option<i64>,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    /// Why it failed, or does not go on.
    message: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Export> for ExportBody {
    fn from(e: Export) -> Self {
        Self {
            id: e.id.0,
            project_id: e.project.0,
            name: e.name,
            namespace: e.namespace,
            state: Upper(e.state),
            format: Upper(e.format),
            trigger: Upper(e.trigger),
            row_per: Upper(e.row_per),
            watermark: e.watermark,
            rows: e.rows,
            size_bytes: e.size_bytes,
            sha256: e.sha256,
            expires_at: e.expires_at,
            message: e.message,
            created_at: e.created_at,
        }
    }
}

/// Export approved answers.
#[utoipa::path(post, path = "/projects/{id}/export", tag = "exports", params(("id" = Uuid, Path)), request_body = NewExport, responses((status = 202, body = ExportAccepted)))]
pub async fn export_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    Json(new): Json<NewExport>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let dataset = match new.dataset_id {
        Some(dataset) => {
            let dataset = app
                .core
                .dataset_get(Some(project.tenant), DatasetId(dataset))
                .await?;
            if dataset.project != project.id {
                return Err(ApiError::not_found());
            }
            Some(DatasetRef { name: dataset.name })
        }
        None => None,
    };
    new.fits()?;
    let spec = ExportSpec {
        project_ref: ProjectRef {
            name: project.name.clone(),
        },
        dataset_ref: dataset,
        format: new.format.0,
        trigger: new.trigger.map(|t| t.0),
        row_per: new.row_per.map(|r| r.0),
        since: new.since,
        raw_cells: new.raw_cells,
        bom: new.bom,
    };
    let name = resource_name(&project.display_name, "export", same);
    let subject = format!("{}/{name}", project.namespace);
    let mut resource = ExportResource::new(&name, spec);
    resource.metadata.namespace = Some(project.namespace.clone());
    resource.metadata.annotations = cluster::traced();
    owner
        .audit(&app, "export.create", &subject, json!({"project": id}))
        .await?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, &resource).await?;
    let indexed = index(&app, &tenant, &made.resource).await;
    let view = app.cluster.keep(&made, indexed).await?;
    Ok((
        StatusCode::ACCEPTED,
        axum::Json(ExportAccepted {
            export_id: view.id.0,
            state: Upper(view.state),
        }),
    ))
}

/// The index row of a resource that was just written.
async fn index(app: &App, tenant: &Tenant, written: &ExportResource) -> ApiResult<ExportView> {
    let upsert = upsert::export(upsert::seen(written, &tenant.name)?)?;
    let bucket = app.objects.bucket().name();
    Ok(app.core.export_upsert(&upsert, bucket).await?)
}

/// A project's exports.
#[utoipa::path(get, path = "/projects/{id}/exports", tag = "exports", params(("id" = Uuid, Path), Paging, InState), responses((status = 200, body = PageBody<ExportBody>)))]
pub async fn export_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<ExportBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .export_list(
            owner.scope(),
            project.id,
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// One export.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports", params(("id" = Uuid, Path)), responses((status = 200, body = ExportBody)))]
pub async fn export_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<ExportBody>> {
    let mut export = app.core.export_get(owner.scope(), ExportId(id)).await?;
    let waits = export.state == ExportState::Pending && export.message.is_none();
    if waits && let Err(error) = app.core.debt_refuse(export.tenant).await {
        let Error::Refused(owed) = error else {
            return Err(error.into());
        };
        export.message = Some(owed.message());
    }
    Ok(axum::Json(export.into()))
}

/// Download the file: a redirect to a link that is good for five minutes.
#[utoipa::path(get, path = "/exports/{id}/download", tag = "exports", params(("id" = Uuid, Path)), responses((status = 307)))]
pub async fn export_download(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let export = app.core.export_get(owner.scope(), ExportId(id)).await?;
    let file = app.core.export_download(owner.scope(), export.id).await;
    let file = file.map_err(|error| debt::told(&app, error))?;
    owner
        .audit(&app, "export.download", &id.to_string(), json!({}))
        .await?;
    let bucket = app.objects.bucket();
    let object = bucket
        .at(&export.namespace, &file.object_key)
        .ok_or_else(ApiError::not_found)?;
    let url = app
        .objects
        .presign_download(
            &object,
            &format!("{}.{}", export.name, export.format.extension()),
        )
        .await?;
    let location = HeaderValue::from_str(&url).map_err(|e| ApiError::internal(&e))?;
    Ok((
        StatusCode::TEMPORARY_REDIRECT,
        [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
    ))
}
