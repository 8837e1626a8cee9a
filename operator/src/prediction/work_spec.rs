//! What a Prediction asks of its Jobs. Pure.

use datacrowd_crds::{Prediction, names::PREDICTION_LABEL};
use datacrowd_protocol::internal::PredictionView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, JobTemplate, WorkSpec},
};

pub(super) fn work_spec(
    prediction: &Prediction,
    view: &PredictionView,
    valid: Valid,
    settings: &Settings,
) -> WorkSpec {
    WorkSpec {
        id: view.id.0,
        run: view.run.clone(),
        attempts: attempts(prediction),
        policy: valid.policy,
        tenant: valid.tenant,
        suspended: false,
        // The spec is immutable.
        second_chance: None,
        awaiting_payment: "The project is in debt; settle it with POST /api/v1/payments/checkout and the run starts by itself.",
        replaceable: false,
        job: JobTemplate::inference("predict", "pred", PREDICTION_LABEL, settings),
    }
}

/// What the status says of earlier attempts.
pub(super) fn attempts(prediction: &Prediction) -> AttemptState {
    let status = prediction.status.clone().unwrap_or_default();
    AttemptState {
        attempt: status.attempt,
        observed_retry_at: status.observed_retry_at,
        job_ref: status.job_ref,
        deletion_policy: status.deletion_policy,
    }
}
