//! The one error body, `application/problem+json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Media type of [`Problem`].
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

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
