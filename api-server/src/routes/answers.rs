//! A worker's own answers.

pub mod list;
pub mod withdraw;

use chrono::{DateTime, Utc};
use datacrowd_labelling::Answer;
use datacrowd_protocol::{Upper, raw::RawJson, work::AnswerStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::routes::reviews::PreviousBody;

/// One of my answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerBody {
    id: i64,
    task_id: i64,
    project_id: Uuid,
    project_display_name: String,
    #[schema(value_type = String, example = "APPROVED")]
    status: Upper<AnswerStatus>,
    labeling_version: i32,
    #[schema(value_type = Object)]
    answer: RawJson,
    /// What it brought, less what was taken back.
    points: i64,
    submitted_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    /// What reviewers said, once the answer is decided.
    decisions: Vec<PreviousBody>,
}

impl From<Answer> for AnswerBody {
    fn from(a: Answer) -> Self {
        Self {
            id: a.id.0,
            task_id: a.task.0,
            project_id: a.project.0,
            project_display_name: a.project_display_name,
            status: Upper(a.status),
            labeling_version: a.labeling_version,
            answer: a.answer,
            points: a.points,
            submitted_at: a.submitted_at,
            decided_at: a.decided_at,
            decisions: a.decisions.into_iter().map(Into::into).collect(),
        }
    }
}
