//! What a Prediction asks of its Jobs. Pure.

use datacrowd_crds::{Prediction, names::PREDICTION_LABEL};
use datacrowd_protocol::internal::PredictionView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, IN_DEBT, JobTemplate, WorkSpec},
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
        attempts: prediction
            .status
            .as_ref()
            .map(AttemptState::from)
            .unwrap_or_default(),
        policy: valid.policy,
        tenant: valid.tenant,
        suspended: false,
        // The spec is immutable.
        second_chance: None,
        awaiting_payment: IN_DEBT,
        replaceable: false,
        job: JobTemplate::inference("predict", "pred", PREDICTION_LABEL, settings),
    }
}
