//! What a Model asks of its Jobs: that its file is looked at. Pure.

use datacrowd_crds::{Model, names::MODEL_LABEL};
use datacrowd_protocol::internal::ModelView;

use crate::{
    context::Settings,
    dereference::Valid,
    work::{AttemptState, IN_DEBT, JobTemplate, WorkSpec},
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
        attempts: model
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
        job: JobTemplate::inference("inspect", "insp", MODEL_LABEL, settings),
    }
}
