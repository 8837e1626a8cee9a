//! What the platform says of a Prediction by itself, without a look at Jobs. Pure.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{
    internal::PredictionView,
    model::{ModelState, PredictionState},
};

/// What a Prediction is made of, as it was last seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs {
    /// The Model, if it is there, and where it stands, if the platform has said.
    #[expect(
        clippy::option_option,
        reason = "whether it is there, then whether its state is known"
    )]
    pub model: Option<Option<ModelState>>,
    /// Whether the Dataset is there.
    pub has_dataset: bool,
}

impl Inputs {
    /// Which of the two a Prediction waits for that is not due.
    fn awaited(self) -> Reason {
        match (self.model, self.has_dataset) {
            (None, _) => Reason::ModelNotFound,
            (Some(_), false) => Reason::DatasetNotFound,
            (Some(Some(ModelState::Ready)), true) => Reason::AwaitingGeneration,
            (Some(_), true) => Reason::ModelNotReady,
        }
    }
}

/// The platform decides whether it waits; by `inputs` the reason is chosen.
pub(super) fn verdict(view: &PredictionView, inputs: Inputs) -> Option<Verdict> {
    match view.state {
        PredictionState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Predicted,
            "Every item has its prediction, or a reason why it has none.",
        )),
        PredictionState::Pending if !view.due => Some(waiting(view, inputs.awaited())),
        PredictionState::Pending | PredictionState::Running | PredictionState::Failed => None,
    }
}

fn waiting(view: &PredictionView, reason: Reason) -> Verdict {
    let message = view.waiting_for.as_ref().map_or_else(
        || "The Prediction is made when its Model may be applied and its Dataset is generated; it goes on by itself.".into(),
        |what| format!("The Prediction waits for {what}; it goes on by itself."),
    );
    Verdict::new(Phase::Waiting, reason, message)
}

#[cfg(test)]
mod tests {
    use datacrowd_protocol::ids::PredictionId;
    use uuid::Uuid;

    use super::*;

    fn view(state: PredictionState, due: bool, waiting_for: Option<&str>) -> PredictionView {
        PredictionView {
            id: PredictionId(Uuid::nil()),
            state,
            due,
            waiting_for: waiting_for.map(Into::into),
            items: None,
            predicted: 0,
            failed: 0,
            failed_items: vec![],
            started_at: None,
            completed_at: None,
            run: None,
        }
    }

    #[test]
    fn what_is_waited_for_is_the_model_before_it_is_the_dataset() {
        let waits = view(PredictionState::Pending, false, Some("Model \"m\""));
        let ready = Some(Some(ModelState::Ready));
        for (model, has_dataset, reason) in [
            (None, true, Reason::ModelNotFound),
            (None, false, Reason::ModelNotFound),
            (ready, false, Reason::DatasetNotFound),
            (Some(None), true, Reason::ModelNotReady),
            (
                Some(Some(ModelState::Checking)),
                true,
                Reason::ModelNotReady,
            ),
            (Some(Some(ModelState::Failed)), true, Reason::ModelNotReady),
            (ready, true, Reason::AwaitingGeneration),
        ] {
            let inputs = Inputs { model, has_dataset };
            let verdict = verdict(&waits, inputs).unwrap();
            assert_eq!((verdict.phase, verdict.reason), (Phase::Waiting, reason));
            assert_eq!(
                verdict.message,
                "The Prediction waits for Model \"m\"; it goes on by itself."
            );
        }
    }

    #[test]
    fn only_what_is_due_or_begun_has_work_to_do() {
        let inputs = Inputs {
            model: Some(Some(ModelState::Ready)),
            has_dataset: true,
        };
        for (state, due, done) in [
            (PredictionState::Pending, true, None),
            (PredictionState::Running, false, None),
            (PredictionState::Failed, false, None),
            (PredictionState::Ready, false, Some(Reason::Predicted)),
        ] {
            let verdict = verdict(&view(state, due, None), inputs);
            assert_eq!(verdict.map(|v| v.reason), done, "{state:?}");
        }
    }
}
