//! The quality of a project's answers, as its owner reads it, and what the owner decides.

pub mod costs;
pub mod decide;
pub mod read;
pub mod tasks;
pub mod undecide;
pub mod workers;

use chrono::{DateTime, Utc};
use datacrowd_labelling::OwnersDecision;
use datacrowd_protocol::raw::RawJson;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

/// One measure at a time: each takes a core for up to a second. Who waits has the time of a request for it.
static CORE: Semaphore = Semaphore::const_new(1);

/// Measures off the threads of requests.
async fn measured<T: Send + 'static>(
    measure: impl FnOnce() -> datacrowd_labelling::Result<T> + Send + 'static,
) -> ApiResult<T> {
    let core = CORE.acquire().await.expect("nobody closes it");
    let done = tokio::task::spawn_blocking(move || {
        let result = measure();
        drop(core);
        result
    });
    let result = done.await.map_err(|error| ApiError::internal(&error))?;
    Ok(result?)
}

/// What the owner said of a task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionBody {
    task_id: i64,
    /// The field that gets a consensus.
    #[schema(example = "rating")]
    field: String,
    /// Its value.
    #[schema(value_type = serde_json::Value)]
    value: RawJson,
    decided_at: DateTime<Utc>,
}

impl From<OwnersDecision> for DecisionBody {
    fn from(d: OwnersDecision) -> Self {
        Self {
            task_id: d.task.0,
            field: d.field,
            value: d.value,
            decided_at: d.decided_at,
        }
    }
}
