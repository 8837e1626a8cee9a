//! `POST /datasets/{id}/generate-tasks`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{Dataset as DatasetResource, DatasetSpec};
use datacrowd_labelling::{Begun, Refusal};
use datacrowd_protocol::{ids::DatasetId, internal::DatasetState};
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DatasetBody, gone};
use crate::{
    auth::Owner,
    cluster, debt,
    error::{ApiError, ApiResult, Code},
    extract::{Json, Path},
    state::App,
    upsert::uid_of,
};

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
        return Err(ApiError::filled(
            Code::BatchSizeFixed,
            &[&dataset.batch_size],
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
