//! What the platform says of a Prediction by itself, without a look at Jobs. Pure.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::{
    internal::PredictionView,
    model::{ModelState, PredictionState},
};

/// `model` is where its Model stood when it was last seen: it says which of the two is waited for.
pub(super) fn verdict(view: &PredictionView, model: Option<ModelState>) -> Option<Verdict> {
    match view.state {
        PredictionState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Predicted,
            "Every item has its prediction, or a reason why it has none.",
        )),
        PredictionState::Pending if !view.due => Some(waiting(view, model)),
        PredictionState::Pending | PredictionState::Running | PredictionState::Failed => None,
    }
}

fn waiting(view: &PredictionView, model: Option<ModelState>) -> Verdict {
    let reason = match model {
        Some(ModelState::Ready) => Reason::AwaitingGeneration,
        _ => Reason::ModelNotReady,
    };
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
        for (model, reason) in [
            (None, Reason::ModelNotReady),
            (Some(ModelState::Checking), Reason::ModelNotReady),
            (Some(ModelState::Failed), Reason::ModelNotReady),
            (Some(ModelState::Ready), Reason::AwaitingGeneration),
        ] {
            let verdict = verdict(&waits, model).unwrap();
            assert_eq!((verdict.phase, verdict.reason), (Phase::Waiting, reason));
            assert_eq!(
                verdict.message,
                "The Prediction waits for Model \"m\"; it goes on by itself."
            );
        }
    }

    #[test]
    fn only_what_is_due_or_begun_has_work_to_do() {
        let model = Some(ModelState::Ready);
        for (state, due, done) in [
            (PredictionState::Pending, true, None),
            (PredictionState::Running, false, None),
            (PredictionState::Failed, false, None),
            (PredictionState::Ready, false, Some(Reason::Predicted)),
        ] {
            let verdict = verdict(&view(state, due, None), model);
            assert_eq!(verdict.map(|v| v.reason), done, "{state:?}");
        }
    }
}
