//! What a Dataset asks of its Jobs. Pure.

use datacrowd_crds::{Dataset, condition::Reason, names::DATASET_LABEL};
use datacrowd_protocol::internal::DatasetView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, JobTemplate, Limits, RUNNER, WorkSpec},
};

pub(super) fn work_spec(
    dataset: &Dataset,
    view: &DatasetView,
    valid: Valid,
    settings: &Settings,
) -> WorkSpec {
    let secret = dataset.spec.source.credentials_secret_ref.as_ref();
    WorkSpec {
        id: view.id.0,
        run: view.run.clone(),
        attempts: dataset
            .status
            .as_ref()
            .map(AttemptState::from)
            .unwrap_or_default(),
        policy: valid.policy,
        tenant: valid.tenant,
        suspended: dataset.spec.suspended(),
        second_chance: second_chance(dataset),
        awaiting_payment: "The project's quota covers no task; buy judgements with POST /api/v1/payments/checkout, or have them granted, and the run starts by itself.",
        replaceable: view.replaceable,
        job: JobTemplate {
            command: "generate",
            mark: "gen",
            label: DATASET_LABEL,
            component: RUNNER,
            image: settings.runner_image.clone(),
            limits: Limits::runner(settings),
            secret: secret.map(|secret| secret.name.clone()),
            scratch: None,
        },
    }
}

/// Another limit deserves another attempt; the same one does not.
fn second_chance(dataset: &Dataset) -> Option<Reason> {
    let taken = dataset.status.as_ref()?.max_invalid_rows?;
    (taken != dataset.spec.max_invalid_rows()).then_some(Reason::TooManyInvalidRows)
}
