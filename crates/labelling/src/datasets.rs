//! Datasets: the index row of the resource, and what was loaded of its source.

mod content;
mod delete;
mod leave;
mod read;
mod requeue;
mod upsert;
mod view;
mod window;

use datacrowd_protocol::chunk::Checkpoint;

pub use content::ContentNow;
pub(crate) use content::REPLACED;
pub use delete::{Deletion, unpacked};
pub(crate) use delete::{is_in_use, unbind};
pub use read::Dataset;
pub(crate) use read::{gold_columns, selection};
pub use upsert::DatasetUpsert;
pub(crate) use window::window_lock;

use crate::{Error, Result};

/// A stored checkpoint.
pub(crate) fn checkpoint(value: serde_json::Value) -> Result<Checkpoint> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt { what: "checkpoint" })
}
