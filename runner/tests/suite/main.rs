//! Runs against a platform and an object store that misbehave on request.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(clippy::cast_possible_wrap, reason = "the numbers of a test are small")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ahead;
mod archive;
mod export;
mod fake;
mod folder;
mod generate;
mod own_bucket;
mod packed;
mod process;
