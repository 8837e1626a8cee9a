//! `DELETE /internal/models/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::{
    ids::{ModelId, ResourceUid},
    internal::DeleteQuery,
};
use uuid::Uuid;

use crate::{
    deletion,
    error::ApiResult,
    extract::{Path, Query},
    internal::auth::Trusted,
    state::App,
};

/// End a Model's binding; what it gave stays or goes by its project's policy. 202 says that there is more: the same request goes on.
#[utoipa::path(delete, path = "/internal/models/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 202), (status = 204)))]
pub async fn model_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    let step = app
        .core
        .model_delete(ModelId(id), ResourceUid(query.uid), query.policy)
        .await?;
    Ok(deletion::status(step))
}
