//! What the promises share: the installation under test, people who use it, its cluster, its bucket, and
//! waiting with a deadline. It makes namespaces and removes them again, also after a failure; it installs
//! nothing, and upgrades only what `make up` installed.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "for tests only: whatever fails here fails the test"
)]

pub mod client;
pub mod cluster;
pub mod dump;
pub mod release;
pub mod reviews;
pub mod settings;
pub mod store;
pub mod wait;
pub mod world;
