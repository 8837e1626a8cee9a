//! `DELETE /internal/datasets/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::{
    ids::{DatasetId, ResourceUid},
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

/// End a Dataset's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/datasets/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 202), (status = 204)))]
pub async fn dataset_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    let (id, uid) = (DatasetId(id), ResourceUid(query.uid));
    let step = deletion::dataset(&app, id, uid, query.policy).await?;
    Ok(deletion::status(step))
}
