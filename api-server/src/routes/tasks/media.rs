//! Images, audio and video of a task, for who works on it now.

use axum::{extract::State, http::HeaderMap, response::Response};
use datacrowd_protocol::ids::TaskId;

use crate::{
    auth::Worker,
    error::ApiResult,
    extract::Path,
    routes::{link::Link, media::link},
    state::App,
};

/// A media cell of a task that I hold, to answer or to review: a redirect to a link that is good for five minutes; the link
/// as JSON to who accepts `application/json`.
#[utoipa::path(get, path = "/tasks/{id}/media/{column}", tag = "tasks", params(("id" = i64, Path), ("column" = String, Path)), responses((status = 200, body = Link), (status = 307)))]
pub async fn task_media(
    State(app): State<App>,
    Worker(user): Worker,
    Path((id, column)): Path<(i64, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let media = app
        .core
        .task_media(user, TaskId(id), &column, app.now())
        .await?;
    link(&app, &media).await?.answer(&headers)
}
