//! Models: the index row of the resource, and what was found in its file.

mod delete;
mod inspect;
mod read;
mod upsert;
mod warm;

use datacrowd_protocol::{
    ids::ModelId,
    model::{ModelInput, ModelOutput, Tensor},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use inspect::InspectRun;
pub use read::Model;
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

/// A stored part of a model's spec.
pub(crate) fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt { what: "model" })
}

/// A part of a model's spec, to store.
fn column<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|_| Error::Corrupt { what: "model" })
}
