//! `GET /models/{id}`.

use axum::extract::State;
use datacrowd_crds::Model as ModelResource;
use datacrowd_protocol::ids::ModelId;
use uuid::Uuid;

use super::ModelBody;
use crate::{
    auth::Owner, error::ApiResult, extract::Path, routes::condition::ConditionBody, state::App,
};

/// One model.
#[utoipa::path(get, path = "/models/{id}", tag = "models", params(("id" = Uuid, Path)), responses((status = 200, body = ModelBody)))]
pub async fn model_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<ModelBody>> {
    let model = app.core.model_get(owner.scope(), ModelId(id)).await?;
    let conditions =
        app.cluster
            .conditions::<ModelResource>(&model.namespace, &model.name, model.bound_uid);
    let conditions = conditions.await.map(ConditionBody::all);
    let prefilled = app.core.model_prefilled(model.id).await?;
    let answered = app.core.model_answered(model.id).await?;
    let body = ModelBody::from(model);
    Ok(axum::Json(ModelBody {
        conditions,
        r#use: body.r#use.with(prefilled, answered),
        ..body
    }))
}
