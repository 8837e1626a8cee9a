//! The API server: HTTP and wiring over the contexts. It holds no SQL, and writes what should exist as
//! resources of the cluster.

pub mod app;
pub mod args;
mod auth;
mod background;
pub mod cluster;
mod error;
mod extract;
mod internal;
pub mod objects;
mod routes;
pub mod serve;
mod source_head;
mod upsert;

pub use app::{App, Settings};
pub use routes::openapi;
