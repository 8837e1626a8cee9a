//! `GET /predictions/{id}/manifest`.

use axum::{extract::State, response::Response};
use datacrowd_crds::Prediction as PredictionResource;
use datacrowd_protocol::ids::PredictionId;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::manifest::{self, Indexed},
    state::App,
};

/// The prediction as a resource that `kubectl apply` takes.
#[utoipa::path(get, path = "/predictions/{id}/manifest", tag = "predictions", params(("id" = Uuid, Path)), responses((status = 200, body = Object, content_type = "application/yaml")))]
pub async fn prediction_manifest(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<Response> {
    let prediction = app
        .core
        .prediction_get(owner.scope(), PredictionId(id))
        .await?;
    let tenant = app.core.tenant_get(prediction.tenant).await?;
    let indexed = Indexed {
        tenant: &tenant,
        namespace: &prediction.namespace,
        name: &prediction.name,
        uid: prediction.bound_uid,
    };
    manifest::of::<PredictionResource>(&app, indexed).await
}
