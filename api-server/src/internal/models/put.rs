//! `PUT /internal/models`.

use axum::extract::State;
use datacrowd_crds::ModelSpec;
use datacrowd_protocol::internal::{ModelView, Upsert};
use serde_json::Value;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App, upsert};

/// Upsert a Model's index row.
#[utoipa::path(put, path = "/internal/models", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = ModelView)))]
pub async fn model_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ModelSpec>>,
) -> ApiResult<axum::Json<ModelView>> {
    let upsert = upsert::model(up, app.objects.bucket())?;
    Ok(axum::Json(app.core.model_upsert(&upsert).await?))
}
