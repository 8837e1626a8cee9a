//! `GET /me/answers`.

use axum::extract::State;
use datacrowd_labelling::AnswerFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::AnswerBody;
use crate::{
    auth::Worker,
    error::ApiResult,
    extract::Query,
    routes::{
        paging::{PageBody, WorkPaging, one_of},
        tasks::InProject,
    },
    state::App,
};

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
