//! The client's hand on the crowd: who may work on a project, who did what, and taking back what one did.

mod conduct;
mod skips;
pub(crate) mod standing;
mod stats;
mod void;
mod workers;

use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use conduct::{ReviewerConduct, TenantConduct};
pub use skips::{SkipReason, SkippedTask};
pub use stats::{
    Agreement, HourlyAnswers, RejectionReason, SkipCount, SpentSeconds, Stats, WorkerStats,
};
pub use void::{Void, Voided};
pub use workers::Worker;

/// The same worker has the same pseudonym within a tenant and another one elsewhere.
pub(crate) fn pseudonym(tenant: Uuid, user: Uuid) -> String {
    let digest = Sha256::new()
        .chain_update(tenant.as_bytes())
        .chain_update(user.as_bytes())
        .finalize();
    format!("w-{}", hex::encode(&digest[..8]))
}
