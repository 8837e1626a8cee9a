//! Reviews: one worker decides on another's answer.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::{Decision, PreviousDecision, ReviewCandidate, Reviewed};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, ProjectId},
    raw::RawJson,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::tasks::{InProject, TaskBody};
use crate::{
    auth::{TakingWorker, Worker},
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    state::App,
    words,
};

/// A reviewer's decision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviousBody {
    decision: String,
    comment: String,
    at: DateTime<Utc>,
}

/// An answer that waits for me.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewBody {
    answer_id: i64,
    task: TaskBody,
    #[schema(value_type = Object)]
    answer: RawJson,
    submitted_at: DateTime<Utc>,
    previous_decisions: Vec<PreviousBody>,
}

impl From<PreviousDecision> for PreviousBody {
    fn from(p: PreviousDecision) -> Self {
        Self {
            decision: p.decision.to_ascii_uppercase(),
            comment: p.comment,
            at: p.at,
        }
    }
}

impl From<ReviewCandidate> for ReviewBody {
    fn from(r: ReviewCandidate) -> Self {
        Self {
            answer_id: r.answer_id.0,
            task: r.task.into(),
            answer: r.answer,
            submitted_at: r.submitted_at,
            previous_decisions: r.previous.into_iter().map(Into::into).collect(),
        }
    }
}

/// One review.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneReview {
    review: ReviewBody,
}

/// Several reviews.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reviews {
    reviews: Vec<ReviewBody>,
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

/// A comment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    #[serde(default)]
    #[schema(example = "The second sentence is ironic.")]
    comment: Option<String>,
}

/// What became of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewedBody {
    answer_id: i64,
    #[schema(example = "APPROVED")]
    status: String,
}

impl From<Reviewed> for ReviewedBody {
    fn from(r: Reviewed) -> Self {
        Self {
            answer_id: r.answer_id.0,
            status: r.status.upper().into(),
        }
    }
}

fn comment(text: Option<String>) -> ApiResult<String> {
    let text = words::seen(&text.unwrap_or_default()).to_owned();
    if text.chars().count() > 2000 {
        Err(ApiError::invalid_member(
            "comment",
            "must have at most 2000 characters",
        ))
    } else {
        Ok(text)
    }
}

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
