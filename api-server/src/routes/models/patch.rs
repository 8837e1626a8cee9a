//! `PATCH /models/{id}`.

use axum::extract::State;
use datacrowd_crds::{Model as ModelResource, ModelSpec, model::Predicts};
use datacrowd_protocol::ids::ModelId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ModelBody,
    create::index,
    usage::{NewUse, PredictBody, check},
};
use crate::{
    auth::Owner,
    cluster::CHANGE_ATTEMPTS,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
};

/// What may change: another file, or another reading of it, is another model.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelChange {
    /// How many predictors keep it loaded for the items of an inbox.
    #[schema(example = 1, minimum = 0, maximum = 50)]
    replicas: Option<i32>,
    predict: Option<PredictBody>,
    r#use: Option<NewUse>,
}

/// Change what becomes of a model.
#[utoipa::path(patch, path = "/models/{id}", tag = "models", params(("id" = Uuid, Path)), request_body = ModelChange, responses((status = 200, body = ModelBody)))]
pub async fn model_patch(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(change): Json<ModelChange>,
) -> ApiResult<axum::Json<ModelBody>> {
    let model = app.core.model_get(owner.scope(), ModelId(id)).await?;
    check(change.replicas, change.r#use.as_ref())?;
    if change.r#use.as_ref().is_some_and(NewUse::answers) {
        // Before anything is written: what is refused changes no resource.
        app.core
            .model_may_answer(model.project, &model.output)
            .await?;
    }
    let tenant = app.core.tenant_get(model.tenant).await?;
    // Somebody else may write between reading and writing, the operator its status too: then once more.
    for _ in 0..CHANGE_ATTEMPTS {
        let at = app.cluster.bound(&model.namespace, &tenant).await?;
        let read: ModelResource = app
            .cluster
            .get_bound(&at, &model.name, model.bound_uid)
            .await?;
        let mut intent = ModelResource::new(&model.name, change.over(read.spec.clone()));
        intent.metadata.namespace = Some(model.namespace.clone());
        let details = json!({"generation": read.metadata.generation});
        owner
            .audit(&app, "model.change", &id.to_string(), details)
            .await?;
        if let Some(written) = app.cluster.apply_over(&at, &read, intent).await? {
            index(&app, &tenant, &written).await?;
            let model = app.core.model_get(Some(model.tenant), model.id).await?;
            return Ok(axum::Json(model.into()));
        }
    }
    Err(ApiError::changing())
}

impl ModelChange {
    /// The spec with what this change names.
    fn over(&self, spec: ModelSpec) -> ModelSpec {
        let usage = match &self.r#use {
            Some(change) => Some(change.over(spec.usage.unwrap_or_default())),
            None => spec.usage,
        };
        ModelSpec {
            replicas: self.replicas.or(spec.replicas),
            predict: self.predict.map(Predicts::from).or(spec.predict),
            usage,
            ..spec
        }
    }
}
