//! The fake's rows of Models and Predictions. As on the platform, a Prediction needs both rows that it names.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use datacrowd_crds::{ModelSpec, PredictionSpec};
use datacrowd_protocol::{
    ids::{ModelId, PredictionId},
    internal::{ModelView, PredictionView, Upsert},
    model::{ModelState, PredictionState, Tensor},
};

use super::{Row, Rows, Shared, bind, problem, refused};

/// SHA-256 that each model's file has.
pub const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub async fn model_put(State(rows): State<Shared>, Json(up): Json<Upsert<ModelSpec>>) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    if !rows.project_ids.contains_key(&up.spec.project_ref.name) {
        return problem(
            404,
            "project_not_found",
            "There is no such Project; create it.",
        );
    }
    let row = bind(&mut rows.models, &up.name, up.uid);
    let tensor = |name: &str| Tensor {
        name: name.into(),
        element: "float32".into(),
        shape: "[N, 2]".into(),
    };
    let found = |name| Vec::from_iter(row.ready.then(|| tensor(name)));
    Json(ModelView {
        id: ModelId(row.id),
        state: match (row.ready, row.runs.is_empty(), row.has_failed()) {
            (true, ..) => ModelState::Ready,
            (_, true, _) => ModelState::Pending,
            (_, _, true) => ModelState::Failed,
            _ => ModelState::Checking,
        },
        sha256: row.ready.then(|| SHA256.to_owned()),
        size_bytes: row.ready.then_some(1024),
        inputs: found("x"),
        outputs: found("probabilities"),
        predicted: row.tasks,
        mean_micros: None,
        on_gold: None,
        error_on_gold: None,
        run: row.runs.last().cloned(),
    })
    .into_response()
}

pub async fn prediction_put(
    State(rows): State<Shared>,
    Json(up): Json<Upsert<PredictionSpec>>,
) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    let (model, dataset) = (&up.spec.model_ref.name, &up.spec.dataset_ref.name);
    let Some(of) = rows.models.get(model).cloned() else {
        let message = format!("There is no Model \"{model}\" in this project; create it.");
        return problem(404, "model_not_found", &message);
    };
    let Some(over) = rows.datasets.get(dataset).cloned() else {
        let message = format!("There is no Dataset \"{dataset}\" in this project; create it.");
        return problem(404, "dataset_not_found", &message);
    };
    let row = bind(&mut rows.predictions, &up.name, up.uid);
    let waiting_for = match (of.ready, over.ready) {
        (false, _) => Some(format!("Model \"{model}\" to be looked at")),
        (true, false) => Some(format!("the tasks of Dataset \"{dataset}\"")),
        (true, true) => None,
    };
    rows.predicted.insert(up.name.clone(), up.spec.clone());
    let view = PredictionView {
        id: PredictionId(row.id),
        state: match (row.ready, row.runs.is_empty(), row.has_failed()) {
            (true, ..) => PredictionState::Ready,
            (_, true, _) => PredictionState::Pending,
            (_, _, true) => PredictionState::Failed,
            _ => PredictionState::Running,
        },
        due: waiting_for.is_none(),
        waiting_for,
        items: over.ready.then_some(over.tasks),
        predicted: row.tasks - row.rejected,
        failed: row.rejected,
        failed_items: vec![],
        started_at: None,
        completed_at: None,
        run: row.runs.last().cloned(),
    };
    Json(view).into_response()
}

impl Rows {
    /// What was predicted goes with the model and with the dataset, when these go for good.
    pub fn orphans_go(&mut self) {
        let (models, datasets) = (&self.models, &self.datasets);
        let specs = &self.predicted;
        self.predictions.retain(|name, _: &mut Row| {
            specs.get(name).is_none_or(|spec| {
                models.contains_key(&spec.model_ref.name)
                    && datasets.contains_key(&spec.dataset_ref.name)
            })
        });
    }

    /// Whatever there is a row of.
    pub fn names(&self) -> Vec<String> {
        let rows = [
            &self.datasets,
            &self.exports,
            &self.models,
            &self.predictions,
        ];
        let rows = rows.into_iter().flat_map(|rows| rows.keys());
        rows.chain(self.project_ids.keys()).cloned().collect()
    }
}
