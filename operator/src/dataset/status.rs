//! A Dataset's status from the platform's view. Pure; every field is written every time, so nothing
//! outlives its truth.

use datacrowd_crds::{
    Dataset, DatasetStatus,
    dataset::{PinnedSource, RejectedRow},
};
use datacrowd_protocol::{chunk::SHOWN_REJECTED_ROWS, internal::DatasetView};

use crate::{managed::time, work::AttemptState};

pub(super) fn status(
    dataset: &Dataset,
    view: &DatasetView,
    attempts: &AttemptState,
) -> DatasetStatus {
    let old = dataset.status.clone().unwrap_or_default();
    let began = attempts.attempt != old.attempt;
    let rejected = view.rejected_rows.iter().take(SHOWN_REJECTED_ROWS);
    DatasetStatus {
        id: Some(view.id.to_string()),
        state: Some(view.state),
        deletion_policy: attempts.deletion_policy,
        attempt: attempts.attempt,
        // What this attempt took, not what the spec says now: the difference is a reason to retry.
        max_invalid_rows: match (attempts.attempt, began) {
            (None, _) => None,
            (Some(_), true) => Some(dataset.spec.max_invalid_rows()),
            (Some(_), false) => old.max_invalid_rows,
        },
        observed_retry_at: attempts.observed_retry_at.clone(),
        job_ref: attempts.job_ref.clone(),
        source: view.source.as_ref().map(|source| PinnedSource {
            etag: source.etag.clone(),
            size_bytes: source.size_bytes,
        }),
        total_rows: view.total_rows,
        tasks_created: Some(view.tasks_created),
        gold_items: Some(view.gold_items).filter(|items| *items > 0),
        rows_rejected: Some(view.rows_rejected),
        rejected_rows: rejected
            .map(|row| RejectedRow {
                line: row.line,
                reason: row.reason.chars().take(512).collect(),
            })
            .collect(),
        rows_blank: Some(view.rows_blank).filter(|rows| *rows > 0),
        delimiter: view.dialect.and_then(|dialect| dialect.delimiter),
        encoding: view.dialect.map(|dialect| dialect.encoding),
        notices: view
            .notices
            .iter()
            .take(10)
            .map(|notice| notice.chars().take(4096).collect())
            .collect(),
        batches: Some(view.batches),
        start_time: view.started_at.and_then(time),
        completion_time: view.completed_at.and_then(time),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}
