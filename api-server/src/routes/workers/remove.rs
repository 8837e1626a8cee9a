//! `DELETE /projects/{id}/workers/{worker}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::known;
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Take a worker off the list, or let a blocked one in again where everybody may work.
#[utoipa::path(delete, path = "/projects/{id}/workers/{worker}", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`.")), responses((status = 204)))]
pub async fn worker_remove(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<StatusCode> {
    let project = ProjectId(id);
    let user = known(&app, &owner, project, &worker).await?;
    app.core
        .worker_remove(owner.scope(), project, user, owner.user())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
