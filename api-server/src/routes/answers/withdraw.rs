//! `POST /answers/{id}/withdraw`.

use axum::extract::State;
use datacrowd_protocol::ids::AnswerId;

use crate::{auth::Worker, error::ApiResult, extract::Path, routes::tasks::TaskBody, state::App};

/// Take my answer back while nobody has reviewed it. The task is leased to me again, until the first lease would have
/// ended at the latest; after that end it goes back to the queue, and there is no `lease`.
#[utoipa::path(post, path = "/answers/{id}/withdraw", tag = "tasks", params(("id" = i64, Path)), responses((status = 200, body = TaskBody)))]
pub async fn answer_withdraw(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
) -> ApiResult<axum::Json<TaskBody>> {
    Ok(axum::Json(
        app.core
            .answer_withdraw(user, AnswerId(id), app.now())
            .await?
            .into(),
    ))
}
