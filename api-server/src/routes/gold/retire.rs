//! `DELETE /projects/{id}/gold/{itemId}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Retire gold: nobody is given it any more, and what was answered to it counts no more.
#[utoipa::path(delete, path = "/projects/{id}/gold/{itemId}", tag = "quality", params(("id" = Uuid, Path), ("itemId" = i64, Path)), responses((status = 204)))]
pub async fn gold_retire(
    State(app): State<App>,
    owner: Owner,
    Path((id, item)): Path<(Uuid, i64)>,
) -> ApiResult<StatusCode> {
    app.core
        .gold_retire(owner.scope(), ProjectId(id), item, owner.user(), app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
