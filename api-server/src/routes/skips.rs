//! Tasks that workers gave back for good, and why.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::{SkipReason, SkippedTask};
use datacrowd_protocol::ids::ProjectId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::paging::{PageBody, WorkPaging};
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    state::App,
};

/// Why somebody skipped a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct SkipReasonBody {
    reason: String,
    at: DateTime<Utc>,
}

impl From<SkipReason> for SkipReasonBody {
    fn from(SkipReason { reason, at }: SkipReason) -> Self {
        Self { reason, at }
    }
}

/// A task that was skipped.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkippedTaskBody {
    task_id: i64,
    dataset_id: Uuid,
    /// Which row of the source it is.
    row_no: i64,
    external_id: Option<String>,
    #[schema(example = "NEW")]
    status: String,
    /// How many workers skipped it.
    skips: i64,
    /// The last five, the latest first.
    last_reasons: Vec<SkipReasonBody>,
}

impl From<SkippedTask> for SkippedTaskBody {
    fn from(s: SkippedTask) -> Self {
        Self {
            task_id: s.task.0,
            dataset_id: s.dataset.0,
            row_no: s.row_no,
            external_id: s.external_id,
            status: s.status.to_ascii_uppercase(),
            skips: s.skips,
            last_reasons: s.last.into_iter().map(Into::into).collect(),
        }
    }
}

/// Which tasks were skipped, how often and why; the latest task first.
#[utoipa::path(get, path = "/projects/{id}/skips", tag = "workers", params(("id" = Uuid, Path), WorkPaging), responses((status = 200, body = PageBody<SkippedTaskBody>)))]
pub async fn skip_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<PageBody<SkippedTaskBody>>> {
    let page = app
        .core
        .skip_list(
            owner.scope(),
            ProjectId(id),
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
