//! The client's hand on the crowd: the list, the block, and taking answers back.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::Role;
use datacrowd_labelling::{Void, Worker};
use datacrowd_protocol::{
    Upper,
    ids::{ProjectId, UserId},
    work::Standing,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::paging::{PageBody, Paging, one_of};
use crate::{
    app::App,
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
};

/// A worker of a project: no name, but the pseudonym that exports carry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerBody {
    user_id: Uuid,
    /// Pseudonym in exports, the same within the tenant.
    #[schema(example = "w-3f2a9c0d11e4b7a6")]
    worker_id: String,
    /// MEMBER, BLOCKED, or null when nothing was decided about this worker.
    #[schema(value_type = Option<String>, example = "MEMBER")]
    standing: Option<Upper<Standing>>,
    answers: i64,
    in_review: i64,
    approved: i64,
    rejected: i64,
    voided: i64,
    last_answer_at: Option<DateTime<Utc>>,
}

impl From<Worker> for WorkerBody {
    fn from(w: Worker) -> Self {
        Self {
            user_id: w.user.0,
            worker_id: w.pseudonym,
            standing: w.standing.map(Upper),
            answers: w.answers,
            in_review: w.in_review,
            approved: w.approved,
            rejected: w.rejected,
            voided: w.voided,
            last_answer_at: w.last_answer_at,
        }
    }
}

/// Which workers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithStanding {
    /// MEMBER or BLOCKED; all when absent.
    standing: Option<String>,
}

/// Who is on the list, who is blocked, and who answered.
#[utoipa::path(get, path = "/projects/{id}/workers", tag = "workers", params(("id" = Uuid, Path), Paging, WithStanding), responses((status = 200, body = PageBody<WorkerBody>)))]
pub async fn worker_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(with): Query<WithStanding>,
) -> ApiResult<axum::Json<PageBody<WorkerBody>>> {
    let standing = one_of("standing", with.standing.as_deref())?;
    let page = app
        .core
        .worker_list(
            owner.scope(),
            ProjectId(id),
            standing,
            paging.cursor(),
            paging.limit()?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// Only a worker can be let in or kept out; for everybody else the address names nothing.
async fn known_worker(app: &App, user: UserId) -> ApiResult<()> {
    match app.accounts.find_user(user).await? {
        Some(found) if found.role == Role::Worker => Ok(()),
        _ => Err(ApiError::not_found()),
    }
}

/// Put a worker on the list; a blocked one may work again.
#[utoipa::path(put, path = "/projects/{id}/workers/{userId}", tag = "workers", params(("id" = Uuid, Path), ("userId" = Uuid, Path)), responses((status = 200, body = WorkerBody)))]
pub async fn worker_put(
    State(app): State<App>,
    owner: Owner,
    Path((id, user)): Path<(Uuid, Uuid)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let (project, user) = (ProjectId(id), UserId(user));
    known_worker(&app, user).await?;
    app.core
        .worker_put(owner.scope(), project, user, owner.user())
        .await?;
    let worker = app.core.worker_get(owner.scope(), project, user).await?;
    Ok(axum::Json(worker.into()))
}

/// Take a worker off the list, or let a blocked one in again where everybody may work.
#[utoipa::path(delete, path = "/projects/{id}/workers/{userId}", tag = "workers", params(("id" = Uuid, Path), ("userId" = Uuid, Path)), responses((status = 204)))]
pub async fn worker_remove(
    State(app): State<App>,
    owner: Owner,
    Path((id, user)): Path<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    app.core
        .worker_remove(owner.scope(), ProjectId(id), UserId(user), owner.user())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep a worker out: what they hold is free at once, and no answer or review of theirs is accepted any more.
#[utoipa::path(post, path = "/projects/{id}/workers/{userId}/block", tag = "workers", params(("id" = Uuid, Path), ("userId" = Uuid, Path)), responses((status = 200, body = WorkerBody)))]
pub async fn worker_block(
    State(app): State<App>,
    owner: Owner,
    Path((id, user)): Path<(Uuid, Uuid)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let (project, user) = (ProjectId(id), UserId(user));
    known_worker(&app, user).await?;
    app.core
        .worker_block(owner.scope(), project, user, owner.user(), app.now())
        .await?;
    let worker = app.core.worker_get(owner.scope(), project, user).await?;
    Ok(axum::Json(worker.into()))
}

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
#[utoipa::path(post, path = "/projects/{id}/workers/{userId}/void", tag = "workers", params(("id" = Uuid, Path), ("userId" = Uuid, Path)), request_body = VoidAnswers, responses((status = 200, body = VoidedBody)))]
pub async fn worker_void(
    State(app): State<App>,
    owner: Owner,
    Path((id, user)): Path<(Uuid, Uuid)>,
    Json(body): Json<VoidAnswers>,
) -> ApiResult<axum::Json<VoidedBody>> {
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(ApiError::invalid_member(
            "reason",
            "must have 1 to 500 characters: say why the answers are taken back",
        ));
    }
    if body.fraud {
        owner.require_admin()?;
    }
    let void = Void {
        project: ProjectId(id),
        worker: UserId(user),
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
