//! `POST /internal/runs/{id}/model`.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::model::SHOWN_TENSORS;
use datacrowd_labelling::RunTarget;
use datacrowd_protocol::{ids::RunId, model::ModelFound};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// Say what a model's file holds.
#[utoipa::path(post, path = "/internal/runs/{id}/model", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = ModelFound, responses((status = 204)))]
pub async fn run_model(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(mut found): Json<ModelFound>,
) -> ApiResult<StatusCode> {
    let run = RunId(id);
    let RunTarget::Inspect(model) = runner.run(&app, run).await?.target else {
        return Err(ApiError::not_found());
    };
    let is_digest = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if found.sha256.len() != 64 || !found.sha256.chars().all(is_digest) {
        return Err(ApiError::invalid_member(
            "sha256",
            "must be 64 hexadecimal digits",
        ));
    }
    for tensors in [&mut found.inputs, &mut found.outputs] {
        tensors.truncate(SHOWN_TENSORS);
        for tensor in tensors {
            shorten(&mut tensor.name, 256);
            shorten(&mut tensor.element, 32);
            shorten(&mut tensor.shape, 128);
        }
    }
    app.core.model_found(run, model, &found, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shorten(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
}
