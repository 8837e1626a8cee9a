//! Datasets: read, generate, retry, delete.

pub mod create;
pub mod delete;

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_crds::{Dataset as DatasetResource, DatasetSpec, names::RETRY_AT};
use datacrowd_labelling::{Begun, Dataset, Refusal};
use datacrowd_protocol::{
    Upper,
    ids::{DatasetId, ProjectId},
    internal::DatasetState,
    source::{Delimiter, Encoding, SourceFormat},
};
use datacrowd_records::Head;
use kube::ResourceExt;
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
    state::App,
    upsert::uid_of,
};

/// A row that became no task.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedRowBody {
    line: i64,
    reason: String,
}

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetBody {
    id: Uuid,
    name: String,
    namespace: String,
    project_id: Uuid,
    #[schema(value_type = String, example = "UPLOADED")]
    state: Upper<DatasetState>,
    #[schema(value_type = String, example = "CSV")]
    format: Upper<SourceFormat>,
    source_uri: String,
    batch_size: i32,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    columns: Option<Vec<String>>,
    /// What separates a CSV's cells: what was asked for, or what was found.
    #[schema(value_type = Option<String>, example = "COMMA")]
    delimiter: Option<Upper<Delimiter>>,
    /// How characters are written.
    #[schema(value_type = String, example = "UTF8")]
    encoding: Upper<Encoding>,
    /// Quoted cells may span any number of lines.
    multiline: bool,
    /// What to know of the file though nothing was refused.
    notices: Vec<String>,
    total_rows: Option<i64>,
    tasks_created: i64,
    rows_rejected: i64,
    /// Rows of empty cells, which are neither tasks nor refused.
    rows_blank: i64,
    rejected_rows: Vec<RejectedRowBody>,
    /// Part of the source that was read, 0 to 1; absent before its size is known.
    progress: Option<f64>,
    /// Why the latest run ended, when it failed; how to bring the dataset back, when it was deleted.
    message: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Dataset> for DatasetBody {
    fn from(d: Dataset) -> Self {
        let deleted = d.deleted().map(|way_back| way_back.message());
        #[allow(clippy::cast_precision_loss, reason = "a fraction for people")]
        let progress = match (d.total_rows, d.size_bytes) {
            (Some(_), _) => Some(1.0),
            (None, Some(size)) if size > 0 => {
                Some((d.checkpoint.offset as f64 / size as f64).min(1.0))
            }
            _ => None,
        };
        let found = d.checkpoint.dialect;
        let delimiter = found.and_then(|found| found.delimiter);
        let asked = Some(d.delimiter).filter(|_| d.format == SourceFormat::Csv);
        let appeared = Some(d.checkpoint.columns).filter(|columns| !columns.is_empty());
        Self {
            id: d.id.0,
            name: d.name,
            namespace: d.namespace,
            project_id: d.project.0,
            state: Upper(d.state),
            format: Upper(d.format),
            source_uri: d.source_uri,
            batch_size: d.batch_size,
            size_bytes: d.size_bytes,
            sha256: d.sha256,
            columns: d.checkpoint.header.or(appeared),
            delimiter: delimiter.or(asked).map(Upper),
            encoding: Upper(found.map_or(d.encoding, |found| found.encoding)),
            multiline: d.multiline,
            notices: d.checkpoint.notices,
            total_rows: d.total_rows,
            tasks_created: d.tasks_created,
            rows_rejected: d.checkpoint.rejected,
            rows_blank: d.checkpoint.blank,
            rejected_rows: d
                .checkpoint
                .rejected_rows
                .into_iter()
                .map(|r| RejectedRowBody {
                    line: r.line,
                    reason: r.reason,
                })
                .collect(),
            progress,
            message: deleted.or(d.message),
            created_at: d.created_at,
        }
    }
}

impl DatasetBody {
    /// Shows what the upload saw, before a run has read it.
    pub fn with_head(mut self, head: Head) -> Self {
        self.columns = self.columns.or(head.header);
        if self.notices.is_empty() {
            self.notices = head.notices;
        }
        if let Some(found) = head.dialect.delimiter {
            self.delimiter = Some(Upper(found));
        }
        self
    }
}

/// A project's datasets.
#[utoipa::path(get, path = "/projects/{id}/datasets", tag = "datasets", params(("id" = Uuid, Path), Paging, InState), responses((status = 200, body = PageBody<DatasetBody>)))]
pub async fn dataset_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<DatasetBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .dataset_list(
            owner.scope(),
            project.id,
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// One dataset, with the progress of its generation.
#[utoipa::path(get, path = "/datasets/{id}", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 200, body = DatasetBody)))]
pub async fn dataset_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<DatasetBody>> {
    Ok(axum::Json(
        app.core
            .dataset_get(owner.scope(), DatasetId(id))
            .await?
            .into(),
    ))
}

/// Nothing, or the batch size the dataset already has.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Generate {
    #[schema(example = 100)]
    batch_size: Option<i32>,
}

/// Generate the dataset's tasks: the gate first, then the resource is released to the controller.
#[utoipa::path(post, path = "/datasets/{id}/generate-tasks", tag = "datasets", params(("id" = Uuid, Path)), request_body = Generate, responses((status = 202, body = DatasetBody)))]
pub async fn dataset_generate(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(body): Json<Generate>,
) -> ApiResult<impl IntoResponse> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    if body.batch_size.is_some_and(|b| b != dataset.batch_size) {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "batch_size_fixed",
            format!(
                "The dataset's batch size is {}; upload it again to choose another.",
                dataset.batch_size
            ),
        ));
    }
    match dataset.state {
        DatasetState::Generating => return Err(Refusal::AlreadyGenerating.into()),
        DatasetState::Ready | DatasetState::Completed => {
            return Err(Refusal::AlreadyGenerated.into());
        }
        DatasetState::Deleted => return Err(gone(&dataset)),
        DatasetState::Uploaded | DatasetState::Failed => {}
    }
    owner
        .audit(&app, "dataset.generate", &id.to_string(), json!({}))
        .await?;
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    let at = app.cluster.bound(&dataset.namespace, &tenant).await?;
    let resource: DatasetResource = app
        .cluster
        .get_bound(&at, &dataset.name, dataset.bound_uid)
        .await?;
    let intent = released(&resource);
    // Whether another manager holds the resource back is asked before the gate opens, so that a refusal changes nothing.
    app.cluster.apply(&at, &intent, true).await?;
    let begun = app
        .core
        .dataset_run_begin(dataset.id, uid_of(&resource)?, 1, app.now())
        .await
        .map_err(|error| debt::told(&app, error))?;
    if begun == Begun::Completed {
        return Err(Refusal::AlreadyGenerated.into());
    }
    app.cluster.apply(&at, &intent, false).await?;
    let dataset = app.core.dataset_get(owner.scope(), dataset.id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DatasetBody::from(dataset))))
}

/// The same intent, no longer held back.
fn released(resource: &DatasetResource) -> DatasetResource {
    let spec = DatasetSpec {
        suspend: Some(false),
        ..resource.spec.clone()
    };
    let mut intent = DatasetResource::new(&resource.name_any(), spec);
    intent.metadata.namespace = resource.namespace();
    intent.metadata.uid = resource.uid();
    intent.metadata.annotations = cluster::traced();
    intent
}

/// Try a failed generation again.
#[utoipa::path(post, path = "/datasets/{id}/retry", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 202, body = DatasetBody)))]
pub async fn dataset_retry(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    match dataset.state {
        DatasetState::Failed => {}
        DatasetState::Deleted => return Err(gone(&dataset)),
        _ => return Err(Refusal::NothingToRetry.into()),
    }
    owner
        .audit(&app, "dataset.retry", &id.to_string(), json!({}))
        .await?;
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    let at = app.cluster.bound(&dataset.namespace, &tenant).await?;
    app.cluster
        .annotate::<DatasetResource>(
            &at,
            &dataset.name,
            dataset.bound_uid,
            RETRY_AT,
            &app.now().to_rfc3339(),
        )
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DatasetBody::from(dataset))))
}

/// What is said to whoever wants more of a deleted dataset.
fn gone(dataset: &Dataset) -> ApiError {
    dataset.deleted().unwrap_or(Refusal::NotFound).into()
}
