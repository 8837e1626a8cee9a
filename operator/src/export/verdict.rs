//! What the platform says of an Export by itself, without a look at Jobs. Pure.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::internal::{ExportState, ExportView};

pub(super) fn verdict(view: &ExportView) -> Option<Verdict> {
    match view.state {
        ExportState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Exported,
            "The file is written; download it before it expires.",
        )),
        // Ready stays true: the export did what it was asked for.
        ExportState::Expired => Some(Verdict::new(
            Phase::Done,
            Reason::Expired,
            "The file's time is over and it was removed; apply another Export.",
        )),
        ExportState::Pending if !view.due => Some(Verdict::new(
            Phase::Waiting,
            Reason::AwaitingCompletion,
            view.waiting_for.as_ref().map_or_else(
                || {
                    "The Export is taken when its Datasets are completed or the Project is closed."
                        .into()
                },
                |what| format!("The Export waits for {what}; it goes on by itself."),
            ),
        )),
        ExportState::Pending | ExportState::Running | ExportState::Failed => None,
    }
}
