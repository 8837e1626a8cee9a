//! `DELETE /internal/exports/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::{
    ids::{ExportId, ResourceUid},
    internal::DeleteQuery,
};
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Path, Query},
    internal::auth::Trusted,
    state::App,
};

/// End an Export's binding; rows stay or go by its policy.
#[utoipa::path(delete, path = "/internal/exports/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 204)))]
pub async fn export_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    app.core
        .export_delete(ExportId(id), ResourceUid(query.uid), query.policy)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
