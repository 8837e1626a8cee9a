//! A Model's status from the platform's view. Pure; every field is written every time.

use datacrowd_crds::{Model, ModelStatus, model::SHOWN_TENSORS};
use datacrowd_protocol::{internal::ModelView, model::Tensor};

use crate::work::AttemptState;

pub(super) fn status(
    model: &Model,
    view: &ModelView,
    attempts: &AttemptState,
    predictors: Option<i32>,
) -> ModelStatus {
    let old = model.status.clone().unwrap_or_default();
    ModelStatus {
        id: Some(view.id.to_string()),
        state: Some(view.state),
        deletion_policy: attempts.deletion_policy,
        attempt: attempts.attempt,
        observed_retry_at: attempts.observed_retry_at.clone(),
        job_ref: attempts.job_ref.clone(),
        predictors,
        sha256: view.sha256.clone(),
        size_bytes: view.size_bytes,
        inputs: shown(&view.inputs),
        outputs: shown(&view.outputs),
        predicted_items: Some(view.predicted),
        mean_micros: view.mean_micros,
        on_gold: view.on_gold.clone(),
        error_on_gold: view.error_on_gold.clone(),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}

/// What the schema has room for: whoever made the file chose its names.
fn shown(tensors: &[Tensor]) -> Vec<Tensor> {
    let cut = |text: &str, most: usize| text.chars().take(most).collect();
    tensors
        .iter()
        .take(SHOWN_TENSORS)
        .map(|tensor| Tensor {
            name: cut(&tensor.name, 256),
            element: cut(&tensor.element, 32),
            shape: cut(&tensor.shape, 128),
        })
        .collect()
}
