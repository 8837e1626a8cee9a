//! `GET /projects`.

use axum::extract::State;

use super::ProjectBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Query,
    routes::paging::{InState, PageBody, Paging},
    state::App,
};

/// My tenant's projects.
#[utoipa::path(get, path = "/projects", tag = "projects", params(Paging, InState), responses((status = 200, body = PageBody<ProjectBody>)))]
pub async fn project_list(
    State(app): State<App>,
    owner: Owner,
    Query(paging): Query<Paging>,
    Query(filter): Query<InState>,
) -> ApiResult<axum::Json<PageBody<ProjectBody>>> {
    let page = app
        .core
        .project_list(
            owner.scope(),
            filter.state()?,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
