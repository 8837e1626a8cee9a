//! `GET /projects/{id}/exports`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::ExportBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{InState, PageBody, Paging},
    state::App,
};

/// A project's exports.
#[utoipa::path(get, path = "/projects/{id}/exports", tag = "exports", params(("id" = Uuid, Path), Paging, InState), responses((status = 200, body = PageBody<ExportBody>)))]
pub async fn export_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<ExportBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .export_list(
            owner.scope(),
            project.id,
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
