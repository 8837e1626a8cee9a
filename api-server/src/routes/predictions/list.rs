//! `GET /projects/{id}/predictions`.

use axum::extract::State;
use datacrowd_protocol::ids::ProjectId;
use uuid::Uuid;

use super::PredictionBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{PageBody, Paging},
    state::App,
};

/// A project's predictions.
#[utoipa::path(get, path = "/projects/{id}/predictions", tag = "predictions", params(("id" = Uuid, Path), Paging), responses((status = 200, body = PageBody<PredictionBody>)))]
pub async fn prediction_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<PredictionBody>>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let page = app
        .core
        .prediction_list(project.id, paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
