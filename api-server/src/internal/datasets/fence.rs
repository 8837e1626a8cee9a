//! `POST /internal/datasets/{id}/fence`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::{DatasetId, ResourceUid};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Json, Path},
    internal::auth::Trusted,
    state::App,
};

/// Body of a fence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    uid: Uuid,
}

/// Take a dataset away from its runner before a deletion.
#[utoipa::path(post, path = "/internal/datasets/{id}/fence", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = Fence, responses((status = 204)))]
pub async fn dataset_fence(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(fence): Json<Fence>,
) -> ApiResult<StatusCode> {
    app.core
        .dataset_fence(DatasetId(id), ResourceUid(fence.uid))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
