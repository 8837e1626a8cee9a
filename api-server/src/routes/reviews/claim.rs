//! `POST /reviews/claim`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ReviewBody;
use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::Json,
    state::App,
};

/// Several reviews.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reviews {
    reviews: Vec<ReviewBody>,
}

/// How many answers to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimReviews {
    project_id: Option<Uuid>,
    /// 1 to 10; 1 when absent.
    #[schema(example = 5)]
    count: Option<i64>,
}

/// The answers that I hold, and the next ones up to `count`: others are shown different ones for five minutes, and
/// their tasks are never offered to me. What I do not decide on by then goes to others first for five minutes more.
#[utoipa::path(post, path = "/reviews/claim", tag = "reviews", request_body = ClaimReviews, responses((status = 200, body = Reviews)))]
pub async fn review_claim(
    State(app): State<App>,
    Worker(user): Worker,
    Json(claim): Json<ClaimReviews>,
) -> ApiResult<axum::Json<Reviews>> {
    let count = claim.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid_member(
            "count",
            "must be between 1 and 10",
        ));
    }
    let found = app
        .core
        .review_next(user, claim.project_id.map(ProjectId), count, app.now())
        .await?;
    Ok(axum::Json(Reviews {
        reviews: found.into_iter().map(Into::into).collect(),
    }))
}
