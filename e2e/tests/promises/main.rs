//! What the platform promises, kept on a real cluster. One module a promise; `make up` and `.dev/env` first.
//!
//! `E2E_SCALE=full` runs the long proofs at their full count, `E2E_SEED` repeats a run.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(clippy::cast_possible_wrap, reason = "the numbers of a test are small")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: whatever fails here fails the test"
)]

mod bad_input;
mod crowd;
mod deletion;
mod disruption;
mod endless;
mod flow;
mod folders;
mod generating;
mod inbox;
mod kubectl;
mod load;
mod models;
mod quiescence;
mod race;
mod specs;
mod webhooks;
