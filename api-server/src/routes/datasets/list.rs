//! `GET /projects/{id}/datasets`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::DatasetBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{InState, PageBody, Paging},
    state::App,
};

/// A project's datasets.
#[utoipa::path(get, path = "/projects/{id}/datasets", tag = "datasets", params(("id" = Uuid, Path), Paging, InState), responses((status = 200, body = PageBody<DatasetBody>)))]
pub async fn dataset_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<DatasetBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .dataset_list(
            owner.scope(),
            project.id,
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
