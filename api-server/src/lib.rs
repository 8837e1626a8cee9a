//! The API server: HTTP and wiring over the contexts. It holds no SQL, and writes what should exist as
//! resources of the cluster.

pub mod app;
pub mod args;
mod auth;
pub mod background;
pub mod cluster;
mod error;
mod extract;
mod internal;
pub mod objects;
pub mod reconcile;
mod routes;
pub mod serve;
pub mod stripe;
mod upsert;

pub use app::{App, Parts, Settings};
pub use routes::openapi;
