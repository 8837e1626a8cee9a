//! `POST /projects/{id}/workers/{worker}/void`.

use axum::extract::State;
use datacrowd_labelling::Void;
use datacrowd_protocol::ids::ProjectId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::known;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
    words,
};

/// What was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoidedBody {
    /// Answers that no longer count.
    voided: i64,
    /// Judgements charged for places that opened again: one for each approved answer, unless it was fraud.
    charged: i64,
    /// Judgements given back that voids before had charged, when an ADMIN calls it fraud.
    credited: i64,
    /// Points that their author no longer has.
    points_taken_back: i64,
}

/// Why answers are taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidAnswers {
    /// 1 to 500 characters, kept in the audit.
    #[schema(example = "The same option for every item.")]
    reason: String,
    /// For an ADMIN only: nothing is charged and the points are taken back, also those of answers voided before.
    #[serde(default)]
    fraud: bool,
}

/// Take back all of a worker's answers: their places open again, and exports from now on leave them out. Those that
/// wait for their review cost nothing; an approved one keeps its charge and its points, and its place is charged anew.
#[utoipa::path(post, path = "/projects/{id}/workers/{worker}/void", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`.")), request_body = VoidAnswers, responses((status = 200, body = VoidedBody)))]
pub async fn worker_void(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
    Json(body): Json<VoidAnswers>,
) -> ApiResult<axum::Json<VoidedBody>> {
    let reason = words::seen(&body.reason);
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(ApiError::invalid_member(
            "reason",
            "must have 1 to 500 characters: say why the answers are taken back",
        ));
    }
    if body.fraud {
        owner.require_admin()?;
    }
    let project = ProjectId(id);
    let void = Void {
        project,
        worker: known(&app, &owner, project, &worker).await?,
        actor: owner.user(),
        reason: reason.to_owned(),
        fraud: body.fraud,
    };
    let voided = app
        .core
        .worker_void(owner.scope(), &void, app.now())
        .await?;
    Ok(axum::Json(VoidedBody {
        voided: voided.answers,
        charged: voided.charged,
        credited: voided.credited,
        points_taken_back: voided.points,
    }))
}
