//! The client's hand on the crowd: who may work on a project, who did what, and taking back what one did.

mod pseudonyms;
pub(crate) mod standing;
mod stats;
mod void;
mod workers;

pub(crate) use pseudonyms::pseudonyms;
pub use stats::{Agreement, HourlyAnswers, RejectionReason, SpentSeconds, Stats, WorkerStats};
pub use void::Voided;
pub use workers::Worker;
