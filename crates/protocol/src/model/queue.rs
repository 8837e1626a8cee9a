//! What a predictor that keeps its model loaded and the platform say to each other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PredictItem, Predicted};

/// Longest that the platform lets a predictor wait for an item, in seconds.
pub const LONGEST_WAIT_SECONDS: u64 = 20;
/// How long an item is lent, in seconds: well above the time that fetching and reading one may take.
pub const LEASE_SECONDS: i64 = 180;

/// `POST /internal/models/{id}/queue/lease`: takes an item, and waits for one where there is none. The same lease again gets the
/// same item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueTake {
    /// What the predictor calls it: reports carry it.
    pub lease: Uuid,
    /// How long to wait, at most [`LONGEST_WAIT_SECONDS`].
    pub wait_seconds: u64,
}

/// What a lease holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueLeased {
    /// The item that waited longest; none when none came in time.
    pub item: Option<PredictItem>,
}

/// `POST /internal/models/{id}/queue/report`: what came of the item that the lease holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueReport {
    /// The lease.
    pub lease: Uuid,
    /// Its label, or why there is none.
    pub item: Predicted,
}

/// `POST /internal/models/{id}/queue/return`: gives back what was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueReturn {
    /// The lease.
    pub lease: Uuid,
}
