//! `POST /internal/runs/{id}/parts`.

use axum::extract::State;
use datacrowd_protocol::{
    ids::RunId,
    run::{PartRequest, PartUrl},
};
use uuid::Uuid;

use super::result;
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// A URL to write one part of the result to.
#[utoipa::path(post, path = "/internal/runs/{id}/parts", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = PartRequest, responses((status = 200, body = PartUrl)))]
pub async fn run_part(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<PartRequest>,
) -> ApiResult<axum::Json<PartUrl>> {
    let caller = runner.run(&app, RunId(id)).await?;
    if !(1..=10_000).contains(&body.part_number) {
        return Err(ApiError::invalid_member(
            "partNumber",
            "must be between 1 and 10000",
        ));
    }
    let export = caller.export().ok_or_else(ApiError::not_found)?;
    let (key, multipart) = app
        .core
        .export_parts(RunId(id), export, body.epoch, app.now())
        .await?;
    let object = result(&app, &caller, &key)?;
    Ok(axum::Json(PartUrl {
        url: app
            .objects
            .presign_part(&object, &multipart, body.part_number)
            .await?,
    }))
}
