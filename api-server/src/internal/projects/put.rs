//! `PUT /internal/projects`.

use axum::extract::State;
use datacrowd_crds::ProjectSpec;
use datacrowd_protocol::internal::{ProjectView, Upsert};
use serde_json::Value;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App, upsert};

/// Upsert a Project's index row.
#[utoipa::path(put, path = "/internal/projects", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = ProjectView)))]
pub async fn project_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ProjectSpec>>,
) -> ApiResult<axum::Json<ProjectView>> {
    Ok(axum::Json(
        app.core.project_upsert(&upsert::project(up)).await?,
    ))
}
