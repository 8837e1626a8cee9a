//! `GET /projects/{id}/models`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::ModelBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{PageBody, Paging},
    state::App,
};

/// A project's models.
#[utoipa::path(get, path = "/projects/{id}/models", tag = "models", params(("id" = Uuid, Path), Paging), responses((status = 200, body = PageBody<ModelBody>)))]
pub async fn model_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<ModelBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .model_list(project.id, paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
