//! The client's hand on the crowd: the list, the block, and taking answers back.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::Role;
use datacrowd_labelling::{Void, Worker};
use datacrowd_protocol::{
    Upper,
    ids::{ProjectId, UserId},
    names::is_like_pseudonym,
    work::Standing,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::paging::{PageBody, one_of, page_limit};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    state::App,
    words,
};

/// A worker of a project: no name, but the pseudonym that exports carry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerBody {
    /// Pseudonym, the same in lists, statistics and exports of the tenant.
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

/// Where a page of workers begins, in the order of their pseudonyms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CrowdPaging {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Which workers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithStanding {
    /// MEMBER or BLOCKED; all when absent.
    standing: Option<String>,
}

/// Who is on the list, who is blocked, and who answered.
#[utoipa::path(get, path = "/projects/{id}/workers", tag = "workers", params(("id" = Uuid, Path), CrowdPaging, WithStanding), responses((status = 200, body = PageBody<WorkerBody>)))]
pub async fn worker_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<CrowdPaging>,
    Query(with): Query<WithStanding>,
) -> ApiResult<axum::Json<PageBody<WorkerBody>>> {
    let standing = one_of("standing", with.standing.as_deref())?;
    let page = app
        .core
        .worker_list(
            owner.scope(),
            ProjectId(id),
            standing,
            paging.cursor.as_deref(),
            page_limit(paging.limit)?,
        )
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}

/// The worker of a pseudonym; they have been near this tenant before.
async fn known(app: &App, owner: &Owner, project: ProjectId, worker: &str) -> ApiResult<UserId> {
    Ok(app
        .core
        .worker_named(owner.scope(), project, worker)
        .await?)
}

/// Who is to be let in: a pseudonym, or somebody new by the name or the id that they told the client themselves. Only
/// a worker can be; for everybody else the address names nothing.
async fn invited(app: &App, owner: &Owner, project: ProjectId, worker: &str) -> ApiResult<UserId> {
    app.core.project_find(owner.scope(), project).await?;
    match known(app, owner, project, worker).await {
        // A pseudonym that is none here is nobody's name: who registered under one before names were kept apart is let in
        // by their id.
        Err(unknown) if unknown.status() == StatusCode::NOT_FOUND && !is_like_pseudonym(worker) => {
        }
        known => return known,
    }
    let found = match worker.parse() {
        Ok(id) => app.accounts.find_user(UserId(id)).await?,
        Err(_) => app.accounts.find_username(worker).await?,
    };
    match found {
        Some(found) if found.role == Role::Worker => Ok(found.id),
        _ => Err(ApiError::not_found()),
    }
}

/// Put a worker on the list; a blocked one may work again.
#[utoipa::path(put, path = "/projects/{id}/workers/{worker}", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`, or, for somebody new, the username or id that they told you.")), responses((status = 200, body = WorkerBody)))]
pub async fn worker_put(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let project = ProjectId(id);
    let user = invited(&app, &owner, project, &worker).await?;
    app.core
        .worker_put(owner.scope(), project, user, owner.user())
        .await?;
    let worker = app.core.worker_get(owner.scope(), project, user).await?;
    Ok(axum::Json(worker.into()))
}

/// Take a worker off the list, or let a blocked one in again where everybody may work.
#[utoipa::path(delete, path = "/projects/{id}/workers/{worker}", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`.")), responses((status = 204)))]
pub async fn worker_remove(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<StatusCode> {
    let project = ProjectId(id);
    let user = known(&app, &owner, project, &worker).await?;
    app.core
        .worker_remove(owner.scope(), project, user, owner.user())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep a worker out: what they hold is free at once, and no answer or review of theirs is accepted any more.
#[utoipa::path(post, path = "/projects/{id}/workers/{worker}/block", tag = "workers", params(("id" = Uuid, Path), ("worker" = String, Path, description = "The worker's `workerId`.")), responses((status = 200, body = WorkerBody)))]
pub async fn worker_block(
    State(app): State<App>,
    owner: Owner,
    Path((id, worker)): Path<(Uuid, String)>,
) -> ApiResult<axum::Json<WorkerBody>> {
    let project = ProjectId(id);
    let user = known(&app, &owner, project, &worker).await?;
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
