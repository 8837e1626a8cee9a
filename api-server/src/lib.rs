//! The API server: HTTP and wiring over the contexts. It holds no SQL, and writes what should exist as
//! resources of the cluster.

pub mod app;
pub mod args;
mod auth;
mod background;
mod client;
pub mod cluster;
mod describe;
mod error;
mod extract;
mod harden;
mod idempotency;
mod internal;
mod limits;
pub mod objects;
mod routes;
pub mod serve;
mod source_head;
mod upsert;

pub use app::{App, Settings};
pub use internal::openapi as internal_openapi;
pub use routes::openapi;
