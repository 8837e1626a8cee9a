//! What a Model asks of its Jobs: that its file is looked at. Pure.

use datacrowd_crds::{Model, names::MODEL_LABEL};
use datacrowd_protocol::internal::ModelView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, JobTemplate, WorkSpec},
};

pub(super) fn work_spec(
    model: &Model,
    view: &ModelView,
    valid: Valid,
    settings: &Settings,
) -> WorkSpec {
    WorkSpec {
        id: view.id.0,
        run: view.run.clone(),
        attempts: attempts(model),
        policy: valid.policy,
        tenant: valid.tenant,
        suspended: false,
        // The spec is immutable.
        second_chance: None,
        awaiting_payment: "The project is in debt; settle it with POST /api/v1/payments/checkout and the run starts by itself.",
        replaceable: false,
        job: JobTemplate::inference("inspect", "insp", MODEL_LABEL, settings),
    }
}

/// What the status says of earlier attempts.
pub(super) fn attempts(model: &Model) -> AttemptState {
    let status = model.status.clone().unwrap_or_default();
    AttemptState {
        attempt: status.attempt,
        observed_retry_at: status.observed_retry_at,
        job_ref: status.job_ref,
        deletion_policy: status.deletion_policy,
    }
}
