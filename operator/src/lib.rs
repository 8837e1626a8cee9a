//! The operator: turns Projects, Datasets, Exports, Models and Predictions into calls of the platform and
//! into Jobs, and is the only writer of their status. It never writes a spec and holds no state of its own:
//! what it knows is in the resources and in the platform's database.

pub mod args;
pub mod context;
pub mod error;
pub mod metrics;
pub mod platform;
pub mod runtime;

mod admin;
mod backoff;
mod caches;
mod command;
mod controller;
mod dataset;
mod dereference;
mod events;
mod export;
mod guarded;
mod lifecycle;
mod managed;
#[cfg(test)]
mod messages;
mod model;
mod prediction;
mod project;
mod report;
mod schema;
mod tenancy;
mod triggers;
mod upsert;
mod watches;
mod webhook;
mod work;

pub use context::Settings;
pub use platform::Platform;
pub use runtime::Operator;
