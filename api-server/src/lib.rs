//! The API server: HTTP and wiring over the contexts. It holds no SQL, and writes what should exist as
//! resources of the cluster.

mod adopt;
pub mod args;
mod auth;
pub mod background;
mod client;
pub mod cluster;
mod connect;
pub mod console;
pub mod database;
mod debt;
mod deletion;
mod describe;
mod digest;
pub mod dispatch;
mod error;
mod extract;
mod folder;
mod guards;
mod idempotency;
mod internal;
pub mod listen;
pub mod lost;
mod media;
mod membership;
mod names;
pub mod objects;
mod paths;
mod probe;
mod rate_limits;
pub mod reconcile;
mod reviewed_tokens;
mod router;
mod routes;
pub mod scheduled;
pub mod serve;
mod source_digests;
mod source_head;
pub mod state;
pub mod stripe;
mod upload_form;
mod upsert;
mod words;

pub use internal::openapi as internal_openapi;
pub use routes::openapi;
pub use state::{App, Parts, Settings};
