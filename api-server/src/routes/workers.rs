//! The client's hand on the crowd: the list, the block, and taking answers back.

pub mod block;
pub mod list;
pub mod put;
pub mod remove;
pub mod void;

use chrono::{DateTime, Utc};
use datacrowd_labelling::Worker;
use datacrowd_protocol::{
    Upper,
    ids::{ProjectId, UserId},
    labeling::QualificationAction,
    work::Membership,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Owner, error::ApiResult, state::App};

/// A worker of a project: no name, but the pseudonym that exports carry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerBody {
    /// Pseudonym, the same in lists, statistics and exports of the tenant.
    #[schema(example = "w-3f2a9c0d11e4b7a6")]
    worker_id: String,
    /// Its name, where it is a model of the project that answers; null for people.
    #[schema(example = json!(null))]
    model: Option<String>,
    /// MEMBER, BLOCKED, or null when nothing was decided about this worker.
    #[schema(value_type = Option<String>, example = "MEMBER")]
    standing: Option<Upper<Membership>>,
    /// WARN, REVIEW or BLOCK: what was done since their skill is below the project's; null when nothing was, or the owner let
    /// them in again.
    #[schema(value_type = Option<String>, example = "WARN")]
    disqualified: Option<Upper<QualificationAction>>,
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
            model: w.model,
            standing: w.membership.map(Upper),
            disqualified: w.disqualified.map(Upper),
            answers: w.answers,
            in_review: w.in_review,
            approved: w.approved,
            rejected: w.rejected,
            voided: w.voided,
            last_answer_at: w.last_answer_at,
        }
    }
}

/// The worker of a pseudonym; they have been near this tenant before.
async fn known(app: &App, owner: &Owner, project: ProjectId, worker: &str) -> ApiResult<UserId> {
    Ok(app
        .core
        .worker_named(owner.scope(), project, worker)
        .await?)
}
