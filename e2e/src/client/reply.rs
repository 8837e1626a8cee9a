//! What the API answers.

use std::fmt;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What was asked for.
    pub request: String,
    /// Its status.
    pub status: StatusCode,
    /// `Location`, when there is one.
    pub location: Option<String>,
    /// Its JSON; null when it has none.
    pub body: Value,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} {}", self.request, self.status, self.body)
    }
}

impl Reply {
    /// The body of the one status that is right.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self.body
    }

    /// The refusal's message, when status and code are these.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!(
            (self.status.as_u16(), self.code()),
            (status, code),
            "{self}"
        );
        let text = self.body["message"].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "a refusal without a message: {self}");
        text.to_owned()
    }

    /// The refusal's stable code; empty when this is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A task that a worker holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub id: i64,
    /// Its columns.
    pub payload: Map<String, Value>,
    /// How long it is held, and by which token.
    pub lease: Option<Lease>,
}

impl Task {
    /// The lease's token; panics on a task that is not held.
    pub fn token(&self) -> &str {
        &self.lease.as_ref().unwrap().token
    }

    /// A column of the row.
    pub fn column(&self, name: &str) -> &str {
        self.payload[name].as_str().unwrap()
    }
}

/// A worker's hold on a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Goes back with the answer.
    pub token: String,
}
