//! What accounts promise, against a real Postgres.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

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
