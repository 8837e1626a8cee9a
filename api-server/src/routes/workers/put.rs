//! `PUT /projects/{id}/workers/{worker}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::Role;
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    names::is_like_pseudonym,
};
use uuid::Uuid;

use super::{WorkerBody, known};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// Who is to be let in: a pseudonym, or somebody new by the name or the id that they told the client themselves. Only
/// a worker can be; for everybody else the address names nothing.
async fn invited(app: &App, owner: &Owner, project: ProjectId, worker: &str) -> ApiResult<UserId> {
    app.core.project_find(owner.scope(), project).await?;
    match known(app, owner, project, worker).await {
        // A pseudonym that is none here is nobody's name: who registered under one before names were kept apart is let in
        // by their id.
        Err(unknown) if unknown.status() == StatusCode::NOT_FOUND && !is_like_pseudonym(worker) => {
        }
        known => return known,
    }
    let found = match worker.parse() {
        Ok(id) => app.accounts.find_user(UserId(id)).await?,
        Err(_) => app.accounts.find_username(worker).await?,
    };
    match found {
        Some(found) if found.role == Role::Worker => Ok(found.id),
        _ => Err(ApiError::not_found()),
    }
}

/// Put a worker on the list; a blocked one may work again.
#[utoipa::path(put, path = "/projects/{id}/workers/{worker}", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`, or, for somebody new, the username or id that they told you.")), responses((status = 200, body = WorkerBody)))]
pub async fn worker_put(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let project = ProjectId(id);
    let user = invited(&app, &owner, project, &worker).await?;
    app.core
        .worker_put(owner.scope(), project, user, owner.user())
        .await?;
    let worker = app.core.worker_get(owner.scope(), project, user).await?;
    Ok(axum::Json(worker.into()))
}
