//! A Prediction's status from the platform's view. Pure; every field is written every time.

use datacrowd_crds::{
    Prediction, PredictionStatus,
    prediction::{FailedItem, SHOWN_FAILED_ITEMS},
};
use datacrowd_protocol::internal::PredictionView;

use crate::{managed::time, work::AttemptState};

pub(super) fn status(
    prediction: &Prediction,
    view: &PredictionView,
    attempts: &AttemptState,
) -> PredictionStatus {
    let old = prediction.status.clone().unwrap_or_default();
    let failed = view.failed_items.iter().take(SHOWN_FAILED_ITEMS);
    PredictionStatus {
        id: Some(view.id.to_string()),
        state: Some(view.state),
        deletion_policy: attempts.deletion_policy,
        attempt: attempts.attempt,
        observed_retry_at: attempts.observed_retry_at.clone(),
        job_ref: attempts.job_ref.clone(),
        items: view.items,
        predicted: Some(view.predicted),
        failed: Some(view.failed),
        failed_items: failed
            .map(|item| FailedItem {
                line: item.line,
                reason: item.reason.chars().take(512).collect(),
            })
            .collect(),
        start_time: view.started_at.and_then(time),
        completion_time: view.completed_at.and_then(time),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}
