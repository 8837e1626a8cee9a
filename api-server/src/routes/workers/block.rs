//! `POST /projects/{id}/workers/{worker}/block`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::{WorkerBody, known};
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Keep a worker out: what they hold is free at once, and no answer or review of theirs is accepted any more.
#[utoipa::path(post, path = "/projects/{id}/workers/{worker}/block", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`.")), responses((status = 200, body = WorkerBody)))]
pub async fn worker_block(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let project = ProjectId(id);
    let user = known(&app, &owner, project, &worker).await?;
    app.core
        .worker_block(owner.scope(), project, user, owner.user(), app.now())
        .await?;
    let worker = app.core.worker_get(owner.scope(), project, user).await?;
    Ok(axum::Json(worker.into()))
}
