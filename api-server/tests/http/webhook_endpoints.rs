//! Webhooks: where they go, what they say, and what becomes of those that fail.

mod answers;
mod endpoints;
mod holds;
mod killed;
mod resources;
pub mod sink;
