//! `GET /projects/{id}/gold`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::GoldBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{PageBody, WorkPaging},
    state::App,
};

/// The project's gold, newest first, with how often each was answered right.
#[utoipa::path(get, path = "/projects/{id}/gold", tag = "quality", params(("id" = Uuid, Path), WorkPaging), responses((status = 200, body = PageBody<GoldBody>)))]
pub async fn gold_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<PageBody<GoldBody>>> {
    let page = app
        .core
        .gold_list(
            owner.scope(),
            ProjectId(id),
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
