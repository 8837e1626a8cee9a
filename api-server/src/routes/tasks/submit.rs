//! `POST /tasks/{id}/submit`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_labelling::{Error, NewAnswer, Refusal};
use datacrowd_protocol::{WireEnum, ids::TaskId, raw::RawJson, work::AnswerStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::token;
use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    metrics::server,
    state::App,
};

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"leaseToken": "81723", "answer": {"sentiment": "positive"}, "activeMillis": 8400}))]
pub struct Submit {
    #[schema(example = "81723")]
    lease_token: String,
    /// A value per field of the form.
    #[schema(value_type = Object)]
    answer: RawJson,
    /// Time on the task in milliseconds, as the client measured it.
    #[schema(example = 8400)]
    active_millis: Option<i64>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmittedBody {
    answer_id: i64,
    task_id: i64,
    #[schema(example = "IN_REVIEW")]
    status: String,
    points_pending: i32,
}

/// Submit an answer. The same submit again returns the same answer with 200.
#[utoipa::path(post, path = "/tasks/{id}/submit", tag = "tasks", params(("id" = i64, Path)), request_body = Submit, responses((status = 201, body = SubmittedBody), (status = 200, body = SubmittedBody)))]
pub async fn task_submit(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<Submit>,
) -> ApiResult<impl IntoResponse> {
    if body
        .active_millis
        .is_some_and(|m| !(0..=86_400_000).contains(&m))
    {
        return Err(ApiError::invalid_member(
            "activeMillis",
            "must be between 0 and a day",
        ));
    }
    // Of two values for one field nobody knows which was meant, and a number too long would be cut.
    datacrowd_records::json::object(body.answer.get(), |_, _| ())
        .map_err(|problem| ApiError::invalid_member("answer", problem.sentence()))?;
    let new = NewAnswer {
        user,
        task: TaskId(id),
        lease_token: token(&body.lease_token)?,
        answer: body.answer,
        active_millis: body.active_millis,
    };
    let submitted = app
        .core
        .task_submit(&new, app.now())
        .await
        .inspect_err(|error| {
            if matches!(error, Error::Refused(Refusal::LeaseLost)) {
                server::STALE_SUBMITS.only().increment(1);
            }
        })?;
    let status = if submitted.repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let points_pending = if submitted.status == AnswerStatus::InReview {
        submitted.points
    } else {
        0
    };
    let body = SubmittedBody {
        answer_id: submitted.answer_id.0,
        task_id: id,
        status: submitted.status.upper().into(),
        points_pending,
    };
    Ok((status, axum::Json(body)))
}
