//! `GET /projects/{id}/answer-schema`.

use axum::{extract::State, http::header, response::IntoResponse};
use datacrowd_labelling::answer_schema;
use datacrowd_protocol::ids::ProjectId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    state::App,
};

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfVersion {
    /// Labeling version, as answers and exports name it; the one in force when absent.
    version: Option<i32>,
}

/// JSON Schema of an answer to this project.
#[utoipa::path(get, path = "/projects/{id}/answer-schema", tag = "projects", params(("id" = Uuid, Path), OfVersion),
    responses((status = 200, body = Object, content_type = "application/schema+json")))]
pub async fn answer_schema_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(query): Query<OfVersion>,
) -> ApiResult<impl IntoResponse> {
    let labeling = app
        .core
        .project_labeling(owner.scope(), ProjectId(id), query.version)
        .await?;
    Ok((
        [(header::CONTENT_TYPE, "application/schema+json")],
        axum::Json(answer_schema(&labeling)),
    ))
}
