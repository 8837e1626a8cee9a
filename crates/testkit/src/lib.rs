//! What tests share: a fresh database per test, conditions with deadlines, a runner's pod, the internal API's
//! description as a check. It owns the databases it makes on the test server and knows nothing of any context but the folder of its migrations.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests only: whatever fails here fails the test"
)]

mod contract;
mod database;
mod eventually;
mod pod;
mod recycle;
mod scale;
mod server;

pub use contract::Contract;
pub use database::TestDatabase;
pub use eventually::eventually;
pub use pod::runner_pod;
pub use scale::{first_seed, scaled};
pub use server::Postgres;
