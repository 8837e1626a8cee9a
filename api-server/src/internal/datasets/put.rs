//! `PUT /internal/datasets`.

use axum::extract::State;
use datacrowd_crds::DatasetSpec;
use datacrowd_protocol::internal::{DatasetView, Upsert};
use serde_json::Value;

use crate::{adopt, error::ApiResult, extract::Json, internal::auth::Trusted, state::App};

/// Upsert a Dataset's index row.
#[utoipa::path(put, path = "/internal/datasets", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = DatasetView)))]
pub async fn dataset_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<DatasetSpec>>,
) -> ApiResult<axum::Json<DatasetView>> {
    Ok(axum::Json(adopt::dataset(&app, up).await?))
}
