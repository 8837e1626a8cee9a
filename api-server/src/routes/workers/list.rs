//! `GET /projects/{id}/workers`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::WorkerBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{PageBody, one_of, page_limit},
    state::App,
};

/// Where a page of workers begins, in the order of their pseudonyms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CrowdPaging {
    /// Items per page, 1 to 200; 50 when absent.
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// Which workers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithStanding {
    /// MEMBER or BLOCKED; all when absent.
    standing: Option<String>,
}

/// Who is on the list, who is blocked, and who answered.
#[utoipa::path(get, path = "/projects/{id}/workers", tag = "workers", params(("id" = Uuid, Path), CrowdPaging, WithStanding), responses((status = 200, body = PageBody<WorkerBody>)))]
pub async fn worker_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<CrowdPaging>,
    Query(with): Query<WithStanding>,
) -> ApiResult<axum::Json<PageBody<WorkerBody>>> {
    let standing = one_of("standing", with.standing.as_deref())?;
    let page = app
        .core
        .worker_list(
            owner.scope(),
            ProjectId(id),
            standing,
            paging.cursor.as_deref(),
            page_limit(paging.limit)?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
