//! The API server: HTTP and wiring over the contexts. It holds no SQL, and writes what should exist as
//! resources of the cluster.

mod adopt;
pub mod app;
pub mod args;
mod auth;
pub mod background;
mod client;
pub mod cluster;
pub mod database;
mod debt;
mod deletion;
mod deprecation;
mod describe;
mod error;
mod extract;
mod harden;
mod idempotency;
mod internal;
mod limits;
pub mod listen;
pub mod lost;
pub mod objects;
mod probe;
pub mod reconcile;
mod routes;
pub mod serve;
mod source_head;
pub mod stripe;
mod upkeep;
mod upsert;
mod words;

pub use app::{App, Parts, Settings};
pub use internal::openapi as internal_openapi;
pub use routes::openapi;
