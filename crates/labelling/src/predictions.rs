//! Predictions: one run of a model over a dataset, and what it says of each task.

mod accuracy;
mod answering;
mod asking;
mod delete;
mod inbox;
mod items;
mod queue;
mod read;
mod report;
mod run;
mod upsert;

use datacrowd_protocol::{
    ids::PredictionId,
    internal::DatasetState,
    model::{ItemFailure, ModelState},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

pub use accuracy::{CalibrationBin, ComparedLabels, ModelAccuracy};
pub(crate) use answering::may_answer;
pub use asking::ItemCrowd;
pub use inbox::{InboxItem, ItemContent, ItemWord, NewItem, OpenInbox, Said};
pub use items::{ItemSource, UnpredictedItem};
pub use queue::{MOST_ATTEMPTS, QueueDepth, QueueLease};
pub use read::{Prediction, PredictionItem};
pub use run::PredictRun;
pub use upsert::PredictionUpsert;

use crate::{Result, projects::from_column};

/// How many items without a prediction are shown with their reason.
const SHOWN_FAILED_ITEMS: usize = 10;
/// Predictions that one step of a deletion removes.
pub(crate) const STEP_PREDICTIONS: i64 = 5_000;

/// An item without a prediction, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedItem {
    pub row_no: i64,
    pub reason: ItemFailure,
    pub message: String,
}

/// What a prediction still waits for; none when a run may begin.
async fn waiting_for(conn: &mut PgConnection, id: PredictionId) -> Result<Option<String>> {
    let row = sqlx::query!(
        "select m.name as model, m.state as model_state, m.bound_uid is null as \"model_gone!\",
                d.name as dataset, d.state as dataset_state, d.bound_uid is null as \"dataset_gone!\"
         from prediction_jobs p join models m on m.id = p.model_id join datasets d on d.id = p.dataset_id where p.id = $1",
        id.0
    )
    .fetch_one(conn)
    .await?;
    let model: ModelState = from_column("model state", &row.model_state)?;
    let dataset: DatasetState = from_column("dataset state", &row.dataset_state)?;
    let (model_name, dataset_name) = (row.model, row.dataset);
    Ok(match (model, dataset) {
        _ if row.model_gone => Some(format!("Model \"{model_name}\" (deleted: apply it again)")),
        _ if row.dataset_gone => Some(format!(
            "Dataset \"{dataset_name}\" (deleted: apply it again)"
        )),
        (ModelState::Failed, _) => Some(format!(
            "Model \"{model_name}\" (its file cannot be used: look at its conditions)"
        )),
        (ModelState::Pending | ModelState::Checking, _) => {
            Some(format!("Model \"{model_name}\" to be checked"))
        }
        (ModelState::Ready, DatasetState::Ready | DatasetState::Completed) => None,
        (ModelState::Ready, _) => Some(format!("the tasks of Dataset \"{dataset_name}\"")),
    })
}
