//! The client's hand on the crowd: who may work on a project, who did what, and taking back what one did.

mod conduct;
pub(crate) mod membership;
mod pseudonyms;
mod skips;
mod stats;
mod void;
mod workers;

pub use conduct::{ReviewerConduct, TenantConduct};
pub(crate) use pseudonyms::pseudonyms;
pub use skips::{SkipReason, SkippedTask};
pub use stats::{
    Agreement, HourlyAnswers, RejectionReason, SkipCount, SpentSeconds, Stats, WorkerStats,
};
pub use void::{Void, Voided};
pub use workers::Worker;
