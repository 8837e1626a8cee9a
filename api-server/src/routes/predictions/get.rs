//! `GET /predictions/{id}`.

use axum::extract::State;
use datacrowd_crds::Prediction as PredictionResource;
use datacrowd_protocol::ids::PredictionId;
use uuid::Uuid;

use super::PredictionBody;
use crate::{
    auth::Owner, error::ApiResult, extract::Path, routes::condition::ConditionBody, state::App,
};

/// One prediction.
#[utoipa::path(get, path = "/predictions/{id}", tag = "predictions", params(("id" = Uuid, Path)), responses((status = 200, body = PredictionBody)))]
pub async fn prediction_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<PredictionBody>> {
    let prediction = app
        .core
        .prediction_get(owner.scope(), PredictionId(id))
        .await?;
    let conditions = app.cluster.conditions::<PredictionResource>(
        &prediction.namespace,
        &prediction.name,
        prediction.bound_uid,
    );
    let conditions = conditions.await.map(ConditionBody::all);
    Ok(axum::Json(PredictionBody {
        conditions,
        ..prediction.into()
    }))
}
