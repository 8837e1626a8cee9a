//! Gold of a project: tasks whose right answer is known. Its owner reads of it here; no worker does anywhere.

pub mod list;
pub mod make;
pub mod retire;

use chrono::{DateTime, Utc};
use datacrowd_labelling::GoldItem;
use datacrowd_protocol::raw::RawJson;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A task whose right answer is known, and how it was answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoldBody {
    id: i64,
    /// The dataset that it came with, or that its task is of.
    dataset_id: Uuid,
    /// Its record number in that dataset's source.
    row_no: i64,
    /// The task that it was made of.
    task_id: Option<i64>,
    /// What workers see.
    #[schema(value_type = Object)]
    payload: RawJson,
    /// The right value of each field that is known.
    #[schema(value_type = Object)]
    expected: RawJson,
    /// Why, for workers who are wrong while they are new.
    explanation: Option<String>,
    /// Workers who answered it.
    answers: i64,
    /// Those who were right.
    right: i64,
    /// Nobody is given it any more, and its answers count no more.
    is_retired: bool,
    created_at: DateTime<Utc>,
}

impl From<GoldItem> for GoldBody {
    fn from(item: GoldItem) -> Self {
        Self {
            id: item.id,
            dataset_id: item.dataset.0,
            row_no: item.row_no,
            task_id: item.task.map(|task| task.0),
            payload: item.payload,
            expected: item.expected,
            explanation: item.explanation,
            answers: item.answers,
            right: item.right,
            is_retired: item.is_retired,
            created_at: item.created_at,
        }
    }
}
