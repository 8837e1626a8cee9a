//! `POST /reviews/{answerId}/undo`.

use axum::extract::State;
use datacrowd_protocol::ids::AnswerId;

use super::ReviewedBody;
use crate::{auth::Worker, error::ApiResult, extract::Path, state::App};

/// Take my last decision back, while nothing depends on it.
#[utoipa::path(post, path = "/reviews/{answerId}/undo", tag = "reviews", params(("answerId" = i64, Path)), responses((status = 200, body = ReviewedBody)))]
pub async fn review_undo(
    State(app): State<App>,
    Worker(user): Worker,
    Path(answer): Path<i64>,
) -> ApiResult<axum::Json<ReviewedBody>> {
    Ok(axum::Json(
        app.core
            .review_undo(user, AnswerId(answer), app.now())
            .await?
            .into(),
    ))
}
