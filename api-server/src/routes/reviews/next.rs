//! `GET /reviews/next`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ReviewBody;
use crate::{
    auth::TakingWorker,
    error::{ApiError, ApiResult},
    extract::Query,
    routes::tasks::InProject,
    state::App,
};

/// One review.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneReview {
    review: ReviewBody,
}

/// The answer that I hold, else the oldest that I may decide on: others are shown different ones for five minutes, and
/// its task is never offered to me.
#[utoipa::path(get, path = "/reviews/next", tag = "reviews", params(InProject), responses((status = 200, body = OneReview)))]
pub async fn review_next(
    State(app): State<App>,
    TakingWorker(user): TakingWorker,
    Query(query): Query<InProject>,
) -> ApiResult<axum::Json<OneReview>> {
    let review = app
        .core
        .review_next(user, query.project(), 1, app.now())
        .await?
        .into_iter()
        .next();
    let review = review.ok_or_else(ApiError::not_found)?.into();
    Ok(axum::Json(OneReview { review }))
}
