//! What the platform says of a Dataset by itself, without a look at Jobs. Pure.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::internal::{DatasetState, DatasetView, ProjectState};

pub(super) fn verdict(view: &DatasetView, suspended: bool) -> Option<Verdict> {
    if let Some(warm) = view.warm_models {
        return Some(inbox(view.project_state, warm, suspended));
    }
    if view.unpaid {
        return Some(Verdict::new(
            Phase::Waiting,
            Reason::AwaitingPayment,
            "Tasks of the rows that were taken over wait for quota; buy judgements with POST /api/v1/payments/checkout, or have them granted, and they join the queue by themselves.",
        ));
    }
    match view.state {
        DatasetState::Ready | DatasetState::Completed if view.rows_rejected > 0 => {
            let end = match view.state {
                DatasetState::Completed => "Every task is approved or rejected",
                _ => "Every valid row is a task",
            };
            Some(Verdict::new(
                Phase::Done,
                Reason::GeneratedWithRejections,
                format!(
                    "{end}, but rows of the file were refused; status.rejectedRows shows the first of them. Apply a Dataset under a new name with the corrected rows."
                ),
            ))
        }
        DatasetState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Generated,
            "Every valid row is a task.",
        )),
        DatasetState::Completed => Some(Verdict::new(
            Phase::Done,
            Reason::Completed,
            "Every task is approved or rejected.",
        )),
        // Nothing began yet, and nothing may; what runs already goes on.
        DatasetState::Uploaded => not_active(view.project_state),
        DatasetState::Generating | DatasetState::Failed | DatasetState::Deleted => None,
    }
}

/// An inbox has no run: it takes items, or something keeps it from it.
fn inbox(project: ProjectState, warm_models: i64, suspended: bool) -> Verdict {
    if let Some(waiting) = not_active(project) {
        return waiting;
    }
    match (suspended, warm_models) {
        (true, _) => Verdict::new(
            Phase::Waiting,
            Reason::Suspended,
            "The Inbox takes nothing; set its spec.suspend to false.",
        ),
        (false, 0) => Verdict::new(
            Phase::Waiting,
            Reason::NoWarmModel,
            "No Model of the Project that reads the column file, or columns of numbers, is kept loaded, so nothing would answer; set spec.replicas of one to 1 or more.",
        ),
        (false, _) => Verdict::new(
            Phase::Done,
            Reason::TakingItems,
            "Items are taken with POST /api/v1/projects/{id}/items, and Models answer them.",
        ),
    }
}

fn not_active(project: ProjectState) -> Option<Verdict> {
    match project {
        ProjectState::Paused => Some(Verdict::new(
            Phase::Waiting,
            Reason::ProjectPaused,
            "The Project is paused; set its spec.paused to false.",
        )),
        ProjectState::Closed | ProjectState::Deleting | ProjectState::Deleted => {
            Some(Verdict::new(
                Phase::Waiting,
                Reason::ProjectNotReady,
                "The Project is closed; apply the Dataset under another Project.",
            ))
        }
        ProjectState::Active | ProjectState::Completed => None,
    }
}

#[cfg(test)]
mod tests {
    use datacrowd_protocol::{
        ids::DatasetId,
        internal::{Billing, BillingStatus},
    };
    use uuid::Uuid;

    use super::*;

    fn view(state: DatasetState, rows_rejected: i64) -> DatasetView {
        DatasetView {
            id: DatasetId(Uuid::nil()),
            state,
            project_state: ProjectState::Active,
            billing: Billing {
                status: BillingStatus::Paid,
                quota: 10,
                used: 1,
                debt: 0,
            },
            total_rows: Some(2),
            tasks_created: 1,
            gold_items: 0,
            rows_rejected,
            rejected_rows: vec![],
            rows_blank: 0,
            dialect: None,
            notices: vec![],
            batches: 1,
            source: None,
            replaceable: false,
            run: None,
            started_at: None,
            completed_at: None,
            adopted: false,
            unfinished: false,
            unpaid: false,
            warm_models: None,
        }
    }

    #[test]
    fn an_inbox_takes_items_once_a_model_is_kept_loaded() {
        let verdict = |warm_models, project_state, suspended| {
            let view = DatasetView {
                warm_models: Some(warm_models),
                project_state,
                ..view(DatasetState::Ready, 0)
            };
            let verdict = super::verdict(&view, suspended).unwrap();
            (verdict.phase, verdict.reason)
        };
        let (active, paused) = (ProjectState::Active, ProjectState::Paused);
        let taking = (Phase::Done, Reason::TakingItems);
        assert_eq!(verdict(2, active, false), taking);
        assert_eq!(verdict(1, ProjectState::Completed, false), taking);
        for (warm_models, project, suspended, reason) in [
            (0, active, false, Reason::NoWarmModel),
            (1, active, true, Reason::Suspended),
            (1, paused, false, Reason::ProjectPaused),
        ] {
            let waits = verdict(warm_models, project, suspended);
            assert_eq!(waits, (Phase::Waiting, reason));
        }
    }

    #[test]
    fn ready_says_whether_rows_were_refused() {
        for (state, refused, reason) in [
            (DatasetState::Ready, 0, Reason::Generated),
            (DatasetState::Completed, 0, Reason::Completed),
            (DatasetState::Ready, 1, Reason::GeneratedWithRejections),
            (DatasetState::Completed, 1, Reason::GeneratedWithRejections),
        ] {
            let verdict = verdict(&view(state, refused), false).unwrap();
            assert_eq!((verdict.phase, verdict.reason), (Phase::Done, reason));
        }
        assert!(verdict(&view(DatasetState::Failed, 3), false).is_none());
    }
}
