//! What an idempotency key says, in every context that keeps such keys.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Status code.
    pub status: u16,
    /// Headers by name.
    pub headers: Value,
    /// Body.
    pub body: Vec<u8>,
}

/// What a key says about the request that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is new: do the work, then store its answer or release the key.
    Fresh,
    /// It was done; this was the answer.
    Answered(StoredAnswer),
    /// The first request still runs, at the latest until then.
    Running(DateTime<Utc>),
    /// It was used for another request.
    OtherRequest,
}
