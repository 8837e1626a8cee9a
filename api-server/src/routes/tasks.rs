//! Tasks: what a worker does many times a minute.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_labelling::{Error, Lease, NewAnswer, Refusal, Task};
use datacrowd_protocol::{
    WireEnum,
    ids::{LeaseToken, ProjectId, TaskId},
    raw::RawJson,
    work::AnswerStatus,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    state::App,
    words,
};

/// A lease: its token goes back with the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseBody {
    #[schema(example = "17")]
    token: String,
    expires_at: DateTime<Utc>,
    /// Points that an approved answer brings: fixed when the task was taken.
    reward_points: i32,
}

impl From<Lease> for LeaseBody {
    fn from(lease: Lease) -> Self {
        Self {
            token: lease.token.to_string(),
            expires_at: lease.expires_at,
            reward_points: lease.reward_points,
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskBody {
    id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    #[schema(example = "NEW")]
    status: String,
    labeling_version: i32,
    /// The row's columns.
    #[schema(value_type = Object)]
    payload: RawJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseBody>,
}

impl From<Task> for TaskBody {
    fn from(t: Task) -> Self {
        Self {
            id: t.id.0,
            project_id: t.project.0,
            dataset_id: t.dataset.0,
            batch_id: t.batch.0,
            status: t.status.upper().into(),
            labeling_version: t.labeling_version,
            payload: t.payload,
            lease: t.lease.map(Into::into),
        }
    }
}

/// Which project; any with work when absent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct InProject {
    project_id: Option<Uuid>,
}

impl InProject {
    pub fn project(&self) -> Option<ProjectId> {
        self.project_id.map(ProjectId)
    }
}

/// One task.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneTask {
    task: TaskBody,
}

/// Several tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tasks {
    tasks: Vec<TaskBody>,
}

/// A candidate; nothing is held.
#[utoipa::path(get, path = "/tasks/next", tag = "tasks", params(InProject), responses((status = 200, body = OneTask)))]
pub async fn task_next(
    State(app): State<App>,
    Worker(user): Worker,
    Query(query): Query<InProject>,
) -> ApiResult<axum::Json<OneTask>> {
    let task = app.core.task_next(user, query.project(), app.now()).await?;
    Ok(axum::Json(OneTask { task: task.into() }))
}

/// How many tasks to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    project_id: Option<Uuid>,
    /// 1 to 10; 1 when absent.
    #[schema(example = 5)]
    count: Option<i64>,
}

/// Take tasks: first those that are held already, then the next ones.
#[utoipa::path(post, path = "/tasks/claim", tag = "tasks", request_body = Claim, responses((status = 200, body = Tasks)))]
pub async fn task_claim(
    State(app): State<App>,
    Worker(user): Worker,
    Json(claim): Json<Claim>,
) -> ApiResult<axum::Json<Tasks>> {
    let count = claim.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid_member(
            "count",
            "must be between 1 and 10",
        ));
    }
    let tasks = app
        .core
        .task_claim(user, claim.project_id.map(ProjectId), count, app.now())
        .await?;
    Ok(axum::Json(Tasks {
        tasks: tasks.into_iter().map(Into::into).collect(),
    }))
}

/// Take this task.
#[utoipa::path(post, path = "/tasks/{id}/lock", tag = "tasks", params(("id" = i64, Path)), responses((status = 200, body = TaskBody)))]
pub async fn task_lock(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
) -> ApiResult<axum::Json<TaskBody>> {
    Ok(axum::Json(
        app.core
            .task_lock(user, TaskId(id), app.now())
            .await?
            .into(),
    ))
}

/// The lease that this is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithLease {
    #[schema(example = "81723")]
    lease_token: String,
}

/// The lease, and why the task is skipped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Skip {
    #[schema(example = "81723")]
    lease_token: String,
    #[schema(example = "The text is in a language I cannot read.")]
    reason: String,
}

fn token(text: &str) -> ApiResult<LeaseToken> {
    text.parse()
        .map_err(|_| ApiError::invalid_member("leaseToken", "is not a token that this server gave"))
}

/// Still at it: the lease lasts longer, up to twelve times `lockSeconds` in all; from then on the answer is its end.
#[utoipa::path(post, path = "/tasks/{id}/heartbeat", tag = "tasks", params(("id" = i64, Path)), request_body = WithLease, responses((status = 200, body = LeaseBody)))]
pub async fn task_heartbeat(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<WithLease>,
) -> ApiResult<axum::Json<LeaseBody>> {
    Ok(axum::Json(
        app.core
            .task_heartbeat(user, TaskId(id), token(&body.lease_token)?, app.now())
            .await?
            .into(),
    ))
}

/// Give the task back; it may come again.
#[utoipa::path(post, path = "/tasks/{id}/unlock", tag = "tasks", params(("id" = i64, Path)), request_body = WithLease, responses((status = 204)))]
pub async fn task_unlock(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<WithLease>,
) -> ApiResult<StatusCode> {
    app.core
        .task_unlock(user, TaskId(id), token(&body.lease_token)?, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give the task back for good, with a reason.
#[utoipa::path(post, path = "/tasks/{id}/skip", tag = "tasks", params(("id" = i64, Path)), request_body = Skip, responses((status = 204)))]
pub async fn task_skip(
    State(app): State<App>,
    Worker(user): Worker,
    Path(id): Path<i64>,
    Json(body): Json<Skip>,
) -> ApiResult<StatusCode> {
    if words::seen(&body.reason).is_empty() || body.reason.chars().count() > 500 {
        return Err(ApiError::invalid_member(
            "reason",
            "must have 1 to 500 characters",
        ));
    }
    app.core
        .task_skip(
            user,
            TaskId(id),
            token(&body.lease_token)?,
            &body.reason,
            app.now(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

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
                metrics::counter!("datacrowd_stale_submits_total").increment(1);
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

/// Tasks that I hold.
#[utoipa::path(get, path = "/me/tasks", tag = "tasks", responses((status = 200, body = Tasks)))]
pub async fn task_held(
    State(app): State<App>,
    Worker(user): Worker,
) -> ApiResult<axum::Json<Tasks>> {
    let tasks = app.core.tasks_held(user).await?;
    Ok(axum::Json(Tasks {
        tasks: tasks.into_iter().map(Into::into).collect(),
    }))
}
