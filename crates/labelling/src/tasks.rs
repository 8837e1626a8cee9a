//! Work for people: what to do next, leases, and giving back.

mod claim;
mod leases;
mod media;
mod no_task;
mod prefill;
mod status;
mod submit;
mod turn;
mod unsure;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    ids::{BatchId, DatasetId, LeaseToken, ProjectId, TaskId},
    raw::RawJson,
    work::TaskStatus,
};
use serde_json::Value;

pub use media::Media;
pub(crate) use prefill::Prefilling;
pub(crate) use submit::Promise;
pub use submit::{NewAnswer, Submitted};
pub(crate) use turn::{MAX_LEASES, lost, take_turn};

/// How many times `lockSeconds` a lease lives, however often it is renewed.
pub(crate) const LEASE_LIVES: i32 = 12;

/// A lease: fenced by its token, ended by the sweeper.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct Lease {
    pub token: LeaseToken,
    pub expires_at: DateTime<Utc>,
    /// Points that an approved answer brings: fixed when the task was taken.
    pub reward_points: i32,
}

/// When a lease that begins now ends: unless it is renewed, and in any case.
pub(crate) fn lease_ends(now: DateTime<Utc>, lock_seconds: i32) -> (DateTime<Utc>, DateTime<Utc>) {
    let once = TimeDelta::seconds(lock_seconds.into());
    (now + once, now + once * LEASE_LIVES)
}

/// A task as a worker sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct Task {
    pub id: TaskId,
    pub project: ProjectId,
    pub dataset: DatasetId,
    pub batch: BatchId,
    pub status: TaskStatus,
    pub labeling_version: i32,
    pub payload: RawJson,
    pub lease: Option<Lease>,
    /// What its holder begins with, by field: the word of a model.
    pub prefill: BTreeMap<String, Value>,
}
