//! What accounts promise, against a real Postgres.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests begin now, and count from there"
)]

mod credentials;
mod endings;
mod guessing;
mod invitations;
mod register;
mod rights;
mod sealing;
mod second_step;
mod sessions;
mod sign_in;
mod support;
