//! Images, audio and video of a project's tasks, for its owner.

use axum::{extract::State, http::HeaderMap, response::Response};
use datacrowd_protocol::ids::{ProjectId, TaskId};
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Path,
    routes::{link::Link, media::link},
    state::App,
};

/// A media cell of a task of the project: a redirect to a link that is good for five minutes; the link as JSON to who
/// accepts `application/json`.
#[utoipa::path(get, path = "/projects/{id}/tasks/{taskId}/media/{column}", tag = "projects", params(("id" = Uuid, Path), ("taskId" = i64, Path), ("column" = String, Path)), responses((status = 200, body = Link), (status = 307)))]
pub async fn project_media(
    State(app): State<App>,
    owner: Owner,
    Path((id, task, column)): Path<(Uuid, i64, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let media = app
        .core
        .project_media(owner.scope(), ProjectId(id), TaskId(task), &column)
        .await?;
    link(&app, &media).await?.answer(&headers)
}
