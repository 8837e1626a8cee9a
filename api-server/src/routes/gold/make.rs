//! `POST /projects/{id}/gold`.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use datacrowd_labelling::NewGold;
use datacrowd_protocol::{
    ids::{ProjectId, TaskId},
    raw::RawJson,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::GoldBody;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
};

/// Longest explanation in characters.
const MAX_EXPLANATION: usize = 2_000;

/// Which task becomes gold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"taskId": 4711}))]
pub struct MakeGold {
    /// An approved task of the project.
    #[schema(example = 4711)]
    task_id: i64,
    /// The right value of each field that is known; what all approved answers say alike when absent, the owner's decision first.
    #[schema(value_type = Option<Object>)]
    expected: Option<BTreeMap<String, RawJson>>,
    /// Why, for workers who are wrong while they are new.
    #[schema(example = "Irony: the praise is meant as blame.")]
    explanation: Option<String>,
}

/// Make gold of an approved task: from now on workers who know nothing of it are given it, and held against its right answer. The
/// same call again changes nothing; retired gold is given to workers again.
#[utoipa::path(post, path = "/projects/{id}/gold", tag = "quality", params(("id" = Uuid, Path)), request_body = MakeGold, responses((status = 201, body = GoldBody)))]
pub async fn gold_make(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(body): Json<MakeGold>,
) -> ApiResult<(StatusCode, axum::Json<GoldBody>)> {
    let is_long = |text: &String| text.chars().count() > MAX_EXPLANATION;
    if body.explanation.as_ref().is_some_and(is_long) {
        let why = format!("must have at most {MAX_EXPLANATION} characters");
        return Err(ApiError::invalid_member("explanation", why));
    }
    let new = NewGold {
        project: ProjectId(id),
        task: TaskId(body.task_id),
        expected: body.expected,
        explanation: body.explanation.filter(|text| !text.trim().is_empty()),
        actor: owner.user(),
    };
    let made = app.core.gold_make(owner.scope(), new, app.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}
