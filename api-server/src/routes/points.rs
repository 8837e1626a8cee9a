//! A worker's points.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::PointsEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    app::App,
    auth::Worker,
    error::{ApiError, ApiResult},
    extract::Query,
};

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
    balance: i64,
    items: Vec<PointsEntryBody>,
    next_cursor: Option<String>,
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PointsQuery {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<i64>,
}

/// My points, newest first.
#[utoipa::path(get, path = "/me/points", tag = "points", params(PointsQuery), responses((status = 200, body = PointsBody)))]
pub async fn points(
    State(app): State<App>,
    Worker(user): Worker,
    Query(query): Query<PointsQuery>,
) -> ApiResult<axum::Json<PointsBody>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(ApiError::invalid_member(
            "limit",
            "must be between 1 and 200",
        ));
    }
    let page = app.core.points(user, query.cursor, limit).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(axum::Json(PointsBody {
        balance: page.balance,
        items,
        next_cursor: page.next.map(|n| n.to_string()),
    }))
}
