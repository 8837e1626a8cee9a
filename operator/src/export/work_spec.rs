//! What an Export asks of its Jobs. Pure.

use datacrowd_crds::{Export, names::EXPORT_LABEL};
use datacrowd_protocol::internal::ExportView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, IN_DEBT, JobTemplate, Limits, RUNNER, WorkSpec},
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
        attempts: export
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
