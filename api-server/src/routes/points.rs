//! A worker's points.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::PointsEntry;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    paging::{PageBody, WorkPaging},
    tasks::InProject,
};
use crate::{auth::Worker, error::ApiResult, extract::Query, state::App};

/// One posting.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointsEntryBody {
    answer_id: i64,
    project_id: Uuid,
    points: i32,
    at: DateTime<Utc>,
}

impl From<PointsEntry> for PointsEntryBody {
    fn from(e: PointsEntry) -> Self {
        Self {
            answer_id: e.answer.0,
            project_id: e.project.0,
            points: e.points,
            at: e.at,
        }
    }
}

/// Balance and history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointsBody {
    /// Sum of all postings, of one project when one is named.
    balance: i64,
    #[serde(flatten)]
    page: PageBody<PointsEntryBody>,
}

/// My points, newest first.
#[utoipa::path(get, path = "/me/points", tag = "points", params(WorkPaging, InProject), responses((status = 200, body = PointsBody)))]
pub async fn points(
    State(app): State<App>,
    Worker(user): Worker,
    Query(paging): Query<WorkPaging>,
    Query(within): Query<InProject>,
) -> ApiResult<axum::Json<PointsBody>> {
    let points = app
        .core
        .points(user, within.project(), paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PointsBody {
        balance: points.balance,
        page: PageBody::of(points.page),
    }))
}
