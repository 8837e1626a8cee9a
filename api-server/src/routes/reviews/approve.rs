//! `POST /reviews/{answerId}/approve`.

use axum::extract::State;
use datacrowd_labelling::Decision;
use datacrowd_protocol::ids::AnswerId;

use super::{Comment, ReviewedBody, comment};
use crate::{
    auth::Worker,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// The answer is right.
#[utoipa::path(post, path = "/reviews/{answerId}/approve", tag = "reviews", params(("answerId" = i64, Path)), request_body = Comment, responses((status = 200, body = ReviewedBody)))]
pub async fn review_approve(
    State(app): State<App>,
    Worker(user): Worker,
    Path(answer): Path<i64>,
    Json(body): Json<Comment>,
) -> ApiResult<axum::Json<ReviewedBody>> {
    let decision = Decision::Approve {
        comment: comment(body.comment)?,
    };
    Ok(axum::Json(
        app.core
            .review_decide(user, AnswerId(answer), &decision, app.now())
            .await?
            .into(),
    ))
}
