//! A worker's own answers.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::{Answer, AnswerFilter};
use datacrowd_protocol::{Upper, ids::AnswerId, raw::RawJson, work::AnswerStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    paging::{PageBody, WorkPaging, one_of},
    reviews::PreviousBody,
    tasks::{InProject, TaskBody},
};
use crate::{
    auth::Worker,
    error::ApiResult,
    extract::{Path, Query},
    state::App,
};

/// One of my answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerBody {
    id: i64,
    task_id: i64,
    project_id: Uuid,
    #[schema(value_type = String, example = "APPROVED")]
    status: Upper<AnswerStatus>,
    labeling_version: i32,
    #[schema(value_type = Object)]
    answer: RawJson,
    /// What it brought, less what was taken back.
    points: i64,
    submitted_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    /// What reviewers said, once the answer is decided.
    decisions: Vec<PreviousBody>,
}

impl From<Answer> for AnswerBody {
    fn from(a: Answer) -> Self {
        Self {
            id: a.id.0,
            task_id: a.task.0,
            project_id: a.project.0,
            status: Upper(a.status),
            labeling_version: a.labeling_version,
            answer: a.answer,
            points: a.points,
            submitted_at: a.submitted_at,
            decided_at: a.decided_at,
            decisions: a.decisions.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which of my answers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithStatus {
    /// IN_REVIEW, APPROVED, REJECTED, WITHDRAWN or VOIDED; all when absent.
    status: Option<String>,
}

/// My answers, newest first.
#[utoipa::path(get, path = "/me/answers", tag = "tasks", params(WorkPaging, InProject, WithStatus), responses((status = 200, body = PageBody<AnswerBody>)))]
pub async fn answer_list(
    State(app): State<App>,
    Worker(user): Worker,
    Query(paging): Query<WorkPaging>,
    Query(within): Query<InProject>,
    Query(with): Query<WithStatus>,
) -> ApiResult<axum::Json<PageBody<AnswerBody>>> {
    let filter = AnswerFilter {
        project: within.project(),
        status: one_of("status", with.status.as_deref())?,
    };
    let page = app
        .core
        .answer_list(user, filter, paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// Take my answer back while nobody has reviewed it. The task is leased to me again, until the first lease would have
/// ended at the latest; after that end it goes back to the queue and `lease` is null.
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
