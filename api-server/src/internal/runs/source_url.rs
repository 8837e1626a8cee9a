//! `POST /internal/runs/{id}/source-url`.

use axum::extract::State;
use datacrowd_protocol::{
    ids::RunId,
    run::{EpochOnly, SourceUrl},
};
use uuid::Uuid;

use super::{held_dataset, signable};
use crate::{
    error::{ApiError, ApiResult, Code},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// A fresh URL of the source.
#[utoipa::path(post, path = "/internal/runs/{id}/source-url", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = EpochOnly, responses((status = 200, body = SourceUrl)))]
pub async fn run_source_url(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<EpochOnly>,
) -> ApiResult<axum::Json<SourceUrl>> {
    let (caller, dataset) = held_dataset(&app, &runner, RunId(id), body.epoch).await?;
    let object = signable(&app, &caller, &dataset.source_uri, dataset.own_credentials)?;
    let object = object.ok_or_else(|| ApiError::new(Code::OwnCredentials))?;
    Ok(axum::Json(SourceUrl {
        source_url: app.objects.presign_source(&object).await?,
    }))
}
