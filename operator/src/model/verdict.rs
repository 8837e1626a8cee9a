//! What the platform says of a Model by itself, without a look at Jobs. Pure.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{internal::ModelView, model::ModelState};

pub(super) fn verdict(view: &ModelView) -> Option<Verdict> {
    match view.state {
        ModelState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Accepted,
            "The Model may be applied.",
        )),
        ModelState::Pending | ModelState::Checking | ModelState::Failed => None,
    }
}
