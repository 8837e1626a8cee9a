//! The one error body, `application/problem+json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Media type of [`Problem`].
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// What stands for a text that differs each time, where a message is shown that nobody was told.
pub const BLANK: &str = "…";
/// What stands for a number there. No message says it of itself.
pub const BLANK_NUMBER: u16 = u16::MAX;
/// What stands for an id there.
pub const BLANK_ID: Uuid = Uuid::max();

/// A message with every blank as [`BLANK`].
#[must_use]
pub fn blanked(message: &str) -> String {
    message
        .replace(&BLANK_NUMBER.to_string(), BLANK)
        .replace(&BLANK_ID.to_string(), BLANK)
}

/// RFC 9457 with the platform's members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// When it happened, RFC 3339.
    pub timestamp: String,
    /// Path of the request.
    pub path: String,
    /// A sentence that ends with what to do.
    pub message: String,
    /// Stable, snake_case.
    pub code: String,
    /// Finds the request in the logs.
    pub correlation_id: String,
    /// Per field, or facts that a program acts on.
    #[serde(default)]
    pub details: BTreeMap<String, Value>,
}
