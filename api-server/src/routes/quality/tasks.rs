//! `GET /projects/{id}/quality/tasks`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::{GivenAnswer, HardTask, HardestCursor};
use datacrowd_protocol::{
    ids::{ProjectId, TaskId},
    raw::RawJson,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::DecisionBody;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    routes::paging::page_limit,
    state::App,
};

/// Where a page of tasks begins, and in which order they come.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskPaging {
    /// `disagreement`, the least agreement first; that when absent.
    order: Option<String>,
    /// Items per page, 1 to 200; 50 when absent. A page ends early where sources are large.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl TaskPaging {
    fn check_order(&self) -> ApiResult<()> {
        match self.order.as_deref() {
            None => Ok(()),
            Some(order) if order.eq_ignore_ascii_case("disagreement") => Ok(()),
            Some(_) => Err(ApiError::invalid_member("order", "must be disagreement")),
        }
    }

    fn cursor(&self) -> ApiResult<Option<HardestCursor>> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let parts = text.split_once('_').and_then(|(agreement, task)| {
            let agreement = agreement.parse().ok().filter(|a: &f64| a.is_finite())?;
            let task = TaskId(task.parse().ok()?);
            Some(HardestCursor { agreement, task })
        });
        parts.map(Some).ok_or_else(|| {
            ApiError::invalid_member("cursor", "must be nextCursor of the page before")
        })
    }
}

/// One answer to a task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivenAnswerBody {
    /// Pseudonym, as in lists and exports.
    worker_id: String,
    /// The answer, per field.
    answer: RawJson,
    #[schema(example = "APPROVED")]
    status: String,
    /// Time on the task, as the worker's client reported it, else since the claim.
    seconds_spent: f64,
    submitted_at: DateTime<Utc>,
}

impl From<GivenAnswer> for GivenAnswerBody {
    fn from(a: GivenAnswer) -> Self {
        Self {
            worker_id: a.worker,
            answer: a.answer,
            status: a.status.to_ascii_uppercase(),
            seconds_spent: a.seconds,
            submitted_at: a.submitted_at,
        }
    }
}

/// A task that people disagree on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HardTaskBody {
    task_id: i64,
    dataset_id: Uuid,
    /// Which row of the source it is.
    row_no: i64,
    external_id: Option<String>,
    #[schema(example = "APPROVED")]
    status: String,
    /// All columns of the source.
    source: RawJson,
    /// Share of pairs of approved answers that are equal in the field with the consensus.
    agreement: f64,
    /// All answers, those that wait or were rejected too; withdrawn and voided ones are left out.
    answers: Vec<GivenAnswerBody>,
    /// What the owner decided, if anything.
    decision: Option<DecisionBody>,
}

impl From<HardTask> for HardTaskBody {
    fn from(t: HardTask) -> Self {
        Self {
            task_id: t.task.0,
            dataset_id: t.dataset.0,
            row_no: t.row_no,
            external_id: t.external_id,
            status: t.status.to_ascii_uppercase(),
            source: t.source,
            agreement: t.agreement,
            answers: t.answers.into_iter().map(Into::into).collect(),
            decision: t.decision.map(Into::into),
        }
    }
}

/// A page of the hardest tasks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HardestBody {
    items: Vec<HardTaskBody>,
    next_cursor: Option<String>,
    /// False while approvals of the project are still being read, 50,000 with each request: harder tasks may follow.
    is_whole: bool,
}

/// The tasks that people disagree on most, with all answers side by side and the owner's decision. Of tasks with two
/// approved answers or more in the field with the consensus.
#[utoipa::path(get, path = "/projects/{id}/quality/tasks", tag = "quality", params(("id" = Uuid, Path), TaskPaging), responses((status = 200, body = HardestBody)))]
pub async fn hardest_tasks(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<TaskPaging>,
) -> ApiResult<axum::Json<HardestBody>> {
    paging.check_order()?;
    let (cursor, limit) = (paging.cursor()?, page_limit(paging.limit)?);
    let found = app
        .core
        .hardest_tasks(owner.scope(), ProjectId(id), cursor, limit)
        .await?;
    let next = found.page.next;
    Ok(axum::Json(HardestBody {
        items: found.page.items.into_iter().map(Into::into).collect(),
        next_cursor: next.map(|at| format!("{}_{}", at.agreement, at.task)),
        is_whole: found.is_whole,
    }))
}
