//! `POST /projects/{id}/predictions`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{
    Prediction as PredictionResource, PredictionSpec, dataset::ProjectRef, export::DatasetRef,
    prediction::ModelRef,
};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::{
    ids::{DatasetId, ModelId, ProjectId},
    internal::PredictionView,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PredictionBody;
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

/// Which model answers which dataset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPrediction {
    #[schema(example = "0197f3c0-0000-7000-8000-000000000001")]
    model_id: Uuid,
    #[schema(example = "0197f3c0-0000-7000-8000-000000000002")]
    dataset_id: Uuid,
}

/// Apply a model to a dataset: every item gets its prediction, or a reason why it has none.
#[utoipa::path(post, path = "/projects/{id}/predictions", tag = "predictions", params(("id" = Uuid, Path)), request_body = NewPrediction, responses((status = 202, body = PredictionBody)))]
pub async fn prediction_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    Json(new): Json<NewPrediction>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let scope = Some(project.tenant);
    let model = app.core.model_get(scope, ModelId(new.model_id)).await?;
    let dataset = app.core.dataset_get(scope, DatasetId(new.dataset_id));
    let dataset = dataset.await?;
    if model.project != project.id || dataset.project != project.id {
        return Err(ApiError::not_found());
    }
    if let Some(deleted) = dataset.deleted() {
        return Err(deleted.into());
    }
    let name = resource_name(&dataset.name, "prediction", same);
    let spec = PredictionSpec {
        project_ref: ProjectRef {
            name: project.name.clone(),
        },
        model_ref: ModelRef { name: model.name },
        dataset_ref: DatasetRef { name: dataset.name },
    };
    let mut resource = PredictionResource::new(&name, spec);
    resource.metadata.namespace = Some(project.namespace.clone());
    resource.metadata.annotations = cluster::traced();
    let subject = format!("{}/{name}", project.namespace);
    owner
        .audit(&app, "prediction.create", &subject, json!({"project": id}))
        .await?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, &resource).await?;
    let indexed = index(&app, &tenant, &made.resource).await;
    let view = app.cluster.keep(&made, indexed).await?;
    let prediction = app.core.prediction_get(scope, view.id).await?;
    let body = PredictionBody::from(prediction);
    Ok((StatusCode::ACCEPTED, axum::Json(body)))
}

/// The index row of a resource that was just written.
async fn index(
    app: &App,
    tenant: &Tenant,
    written: &PredictionResource,
) -> ApiResult<PredictionView> {
    let upsert = upsert::prediction(upsert::seen(written, &tenant.name)?);
    Ok(app.core.prediction_upsert(&upsert).await?)
}
