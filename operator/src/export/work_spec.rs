//! What an Export asks of its Jobs. Pure.

use datacrowd_crds::{Export, names::EXPORT_LABEL};
use datacrowd_protocol::internal::ExportView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, JobTemplate, Limits, RUNNER, WorkSpec},
};

pub(super) fn work_spec(
    export: &Export,
    view: &ExportView,
    valid: Valid,
    settings: &Settings,
) -> WorkSpec {
    WorkSpec {
        id: view.id.0,
        run: view.run.clone(),
        attempts: attempts(export),
        policy: valid.policy,
        tenant: valid.tenant,
        suspended: false,
        // The spec is immutable.
        second_chance: None,
        awaiting_payment: "The project is in debt; settle it with POST /api/v1/payments/checkout and the run starts by itself.",
        replaceable: false,
        job: JobTemplate {
            command: "export",
            mark: "exp",
            label: EXPORT_LABEL,
            component: RUNNER,
            image: settings.runner_image.clone(),
            limits: Limits::runner(settings),
            secret: None,
            scratch: None,
        },
    }
}

/// What the status says of earlier attempts.
pub(super) fn attempts(export: &Export) -> AttemptState {
    let status = export.status.clone().unwrap_or_default();
    AttemptState {
        attempt: status.attempt,
        observed_retry_at: status.observed_retry_at,
        job_ref: status.job_ref,
        deletion_policy: status.deletion_policy,
    }
}
