//! `POST /projects/{id}/export`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{
    Export as ExportResource, ExportSpec, dataset::ProjectRef, export::DatasetRef,
};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::{
    Upper,
    export::{ExportFormat, ExportTrigger, RowPer},
    ids::{DatasetId, ProjectId},
    internal::{ExportState, ExportView},
    range,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Owner,
    cluster,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
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
    /// Put what models say of each task into its records.
    predictions: Option<bool>,
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
        predictions: new.predictions,
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
