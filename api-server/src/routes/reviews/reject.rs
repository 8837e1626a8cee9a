//! `POST /reviews/{answerId}/reject`.

use axum::extract::State;
use datacrowd_labelling::Decision;
use datacrowd_protocol::ids::AnswerId;

use super::{Comment, ReviewedBody, comment};
use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
};

/// The answer is wrong, and why.
#[utoipa::path(post, path = "/reviews/{answerId}/reject", tag = "reviews", params(("answerId" = i64, Path)), request_body = Comment, responses((status = 200, body = ReviewedBody)))]
pub async fn review_reject(
    State(app): State<App>,
    Worker(user): Worker,
    Path(answer): Path<i64>,
    Json(body): Json<Comment>,
) -> ApiResult<axum::Json<ReviewedBody>> {
    let comment = comment(body.comment)?;
    if comment.is_empty() {
        return Err(ApiError::invalid_member(
            "comment",
            "is required when you reject: say what is wrong",
        ));
    }
    Ok(axum::Json(
        app.core
            .review_decide(
                user,
                AnswerId(answer),
                &Decision::Reject { comment },
                app.now(),
            )
            .await?
            .into(),
    ))
}
