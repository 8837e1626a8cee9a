//! Models at work against a platform and an object store that misbehave on request, and against what NumPy and
//! onnxruntime compute.
//!
//! `tests/oracle/oracle.py` writes the models and what is expected of them, `tests/oracle/recordings.py` the recordings.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "the numbers of a test are small"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod fixtures;
mod inspect;
mod killed;
mod local;
mod models;
mod oracle;
mod predict;
mod queue;
mod recordings;
mod serve;
mod worker;
