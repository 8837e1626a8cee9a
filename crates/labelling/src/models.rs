//! Models: the index row of the resource, and what was found in its file.

mod delete;
mod inspect;
mod read;
mod upsert;
mod warm;

use datacrowd_consensus::{Share, Z_95};
use datacrowd_protocol::{
    ids::ModelId,
    model::{ModelInput, ModelOnGold, ModelOutput, Tensor},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use inspect::InspectRun;
pub use read::{Answered, Model, Prefilled};
pub use upsert::ModelUpsert;
pub use warm::WarmModel;

use crate::{Error, Result};

/// A model, for whoever runs it; the API server adds the presigned URL.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::model::ModelOpened documents them")]
pub struct RunModel {
    pub id: ModelId,
    pub source_uri: String,
    pub sha256: Option<String>,
    pub input: ModelInput,
    pub output: ModelOutput,
}

/// What a model's file holds, as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
}

/// What a model's right answers to gold come to, of so many; nothing of none.
fn on_gold(correct: i64, items: i64) -> Option<ModelOnGold> {
    let share = share(correct, items);
    let accuracy = share.value()?;
    let (low, high) = share.wilson(Z_95);
    Some(ModelOnGold {
        items,
        correct,
        accuracy: shown(accuracy),
        low: shown(low),
        high: shown(high),
    })
}

fn share(correct: i64, items: i64) -> Share {
    let count = |of: i64| u32::try_from(of).unwrap_or(u32::MAX);
    Share::new(count(correct), count(items)).unwrap_or_default()
}

/// With four digits, so that a status says what a person reads.
fn shown(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

/// A stored part of a model's spec.
pub(crate) fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt { what: "model" })
}

/// A part of a model's spec, to store.
fn column<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|_| Error::Corrupt { what: "model" })
}
