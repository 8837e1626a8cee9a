//! `GET /projects/{id}/quality/workers`.

use axum::extract::State;
use datacrowd_labelling::WorkerQuality;
use datacrowd_protocol::ids::ProjectId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::measured;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::{
        paging::{PageBody, page_limit},
        workers::list::CrowdPaging,
    },
    state::App,
};

/// How well a worker answers, by the latest answers of the project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerQualityBody {
    /// Pseudonym, as in lists and exports.
    #[schema(example = "w-3f2a9c0d11e4b7a6")]
    worker_id: String,
    /// Approved answers that were measured.
    answers: u32,
    /// Share of answers that equal their task's label; null where none could be held against one. Tasks that the worker
    /// alone answered count only when their owner decided them.
    skill: Option<f64>,
    /// Wilson's interval of 95 %.
    skill_low: f64,
    skill_high: f64,
    /// Answers that were held against a label.
    compared: u32,
    /// Share of others' answers to the same tasks that are equal to this worker's.
    agreement: Option<f64>,
    /// Median time per answer, as the client measured it, else from claim to submit.
    median_seconds: f64,
    /// Answers to gold, and those that were right.
    gold_answers: u32,
    gold_right: u32,
    /// Wilson's interval of 95 % of their share.
    gold_low: f64,
    gold_high: f64,
}

impl From<WorkerQuality> for WorkerQualityBody {
    fn from(w: WorkerQuality) -> Self {
        let (skill_low, skill_high) = w.interval;
        let (gold_low, gold_high) = w.gold_interval;
        Self {
            worker_id: w.worker,
            answers: w.answers,
            skill: w.skill,
            skill_low,
            skill_high,
            compared: w.compared,
            agreement: w.agreement,
            median_seconds: w.median_seconds,
            gold_answers: w.gold_answers,
            gold_right: w.gold_right,
            gold_low,
            gold_high,
        }
    }
}

/// Whom to trust: workers of the latest 10,000 approved answers, in the order of their pseudonyms, by the field with the
/// consensus, else the first of one choice, or of true or false.
#[utoipa::path(get, path = "/projects/{id}/quality/workers", tag = "quality", params(("id" = Uuid, Path), CrowdPaging), responses((status = 200, body = PageBody<WorkerQualityBody>)))]
pub async fn worker_quality(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<CrowdPaging>,
) -> ApiResult<axum::Json<PageBody<WorkerQualityBody>>> {
    let limit = page_limit(paging.limit)?;
    let sample = app
        .core
        .quality_sample(owner.scope(), ProjectId(id))
        .await?;
    let page = measured(move || sample.workers(paging.cursor.as_deref(), limit)).await?;
    Ok(axum::Json(PageBody::of(page)))
}
