//! Why an item has no answer.

use datacrowd_protocol::model::{ItemFailed, ItemFailure};

/// A reason with its sentence for the client.
pub(crate) fn failed(reason: ItemFailure, message: impl Into<String>) -> ItemFailed {
    /// The platform keeps no more.
    const MOST_CHARS: usize = 200;
    let message: String = message.into();
    ItemFailed {
        reason,
        message: message.chars().take(MOST_CHARS).collect(),
    }
}
