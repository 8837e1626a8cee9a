//! How a project goes: speed, agreement, rejections, time per item, and each worker's part.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_labelling::{
    Agreement, HourlyAnswers, RejectionReason, SkipCount, SpentSeconds, Stats, WorkerStats,
};
use datacrowd_protocol::ids::ProjectId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Answers of one hour.
#[derive(Debug, Serialize, ToSchema)]
pub struct HourBody {
    hour: DateTime<Utc>,
    answers: i64,
}

impl From<HourlyAnswers> for HourBody {
    fn from(HourlyAnswers { hour, answers }: HourlyAnswers) -> Self {
        Self { hour, answers }
    }
}

/// How often two workers who answered the same task said the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementBody {
    /// The field; absent for the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Pairs of answers to one task.
    pairs: i64,
    /// Share of pairs that are equal, 0 to 1.
    rate: f64,
}

impl From<Agreement> for AgreementBody {
    fn from(Agreement { field, pairs, rate }: Agreement) -> Self {
        Self { field, pairs, rate }
    }
}

/// Why answers were rejected, as reviewers put it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectionBody {
    comment: String,
    count: i64,
}

impl From<RejectionReason> for RejectionBody {
    fn from(RejectionReason { comment, count }: RejectionReason) -> Self {
        Self { comment, count }
    }
}

/// Why tasks were skipped, as workers put it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkipCountBody {
    reason: String,
    count: i64,
    last_at: DateTime<Utc>,
}

impl From<SkipCount> for SkipCountBody {
    fn from(s: SkipCount) -> Self {
        Self {
            reason: s.reason,
            count: s.count,
            last_at: s.last_at,
        }
    }
}

/// Seconds per answer, as the client measured them, else from claim to submit.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondsBody {
    mean: Option<f64>,
    median: Option<f64>,
}

impl From<SpentSeconds> for SecondsBody {
    fn from(SpentSeconds { mean, median }: SpentSeconds) -> Self {
        Self { mean, median }
    }
}

/// One worker's part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatsBody {
    /// Pseudonym, as in lists and exports.
    worker_id: String,
    answers: i64,
    approved: i64,
    rejected: i64,
    /// Answers divided by the hours of the clock in which there was one.
    answers_per_hour: f64,
    seconds_per_item: SecondsBody,
    /// Share of others' answers to the same tasks that are equal to this worker's.
    agreement: Option<f64>,
}

impl From<WorkerStats> for WorkerStatsBody {
    fn from(w: WorkerStats) -> Self {
        Self {
            worker_id: w.pseudonym,
            answers: w.answers,
            approved: w.approved,
            rejected: w.rejected,
            answers_per_hour: w.answers_per_hour,
            seconds_per_item: w.seconds.into(),
            agreement: w.agreement,
        }
    }
}

/// How a project goes. Withdrawn and voided answers do not count.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsBody {
    answers: i64,
    in_review: i64,
    approved: i64,
    rejected: i64,
    /// Answers divided by the hours of the clock in which there was one.
    answers_per_hour: f64,
    /// The last 24 hours; hours without an answer are left out.
    hours: Vec<HourBody>,
    seconds_per_item: SecondsBody,
    /// Over whole answers; absent until a task has two.
    agreement: Option<AgreementBody>,
    /// Over each field.
    field_agreement: Vec<AgreementBody>,
    /// The most frequent 100.
    rejections: Vec<RejectionBody>,
    /// How often a worker gave a task back for good; `/projects/{id}/skips` names the tasks.
    skips: i64,
    /// The most frequent 100.
    skip_reasons: Vec<SkipCountBody>,
    /// The most active 100.
    workers: Vec<WorkerStatsBody>,
}

impl From<Stats> for StatsBody {
    fn from(s: Stats) -> Self {
        Self {
            answers: s.answers,
            in_review: s.in_review,
            approved: s.approved,
            rejected: s.rejected,
            answers_per_hour: s.answers_per_hour,
            hours: s.hours.into_iter().map(Into::into).collect(),
            seconds_per_item: s.seconds.into(),
            agreement: s.agreement.map(Into::into),
            field_agreement: s.fields.into_iter().map(Into::into).collect(),
            rejections: s.rejections.into_iter().map(Into::into).collect(),
            skips: s.skips,
            skip_reasons: s.skip_reasons.into_iter().map(Into::into).collect(),
            workers: s.workers.into_iter().map(Into::into).collect(),
        }
    }
}

/// How a project goes.
#[utoipa::path(get, path = "/projects/{id}/stats", tag = "workers", params(("id" = Uuid, Path)), responses((status = 200, body = StatsBody)))]
pub async fn project_stats(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<StatsBody>> {
    let stats = app
        .core
        .project_stats(owner.scope(), ProjectId(id), app.now())
        .await?;
    Ok(axum::Json(stats.into()))
}
