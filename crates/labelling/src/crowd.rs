//! The client's hand on the crowd: who may work on a project, who did what, and taking back what one did.

mod standing;
mod stats;
mod void;
mod workers;

use datacrowd_protocol::ids::{ProjectId, TenantId};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

pub use stats::{Agreement, HourlyAnswers, RejectionReason, SpentSeconds, Stats, WorkerStats};
pub use void::Voided;
pub use workers::Worker;

use crate::{Refusal, Result};

/// The same worker has the same pseudonym within a tenant and another one elsewhere.
pub(crate) fn pseudonym(tenant: Uuid, user: Uuid) -> String {
    let digest = Sha256::new()
        .chain_update(tenant.as_bytes())
        .chain_update(user.as_bytes())
        .finalize();
    format!("w-{}", hex::encode(&digest[..8]))
}

/// The tenant of a project that this caller may see.
async fn tenant_of(
    conn: &mut PgConnection,
    tenant: Option<TenantId>,
    project: ProjectId,
) -> Result<Uuid> {
    let row = sqlx::query!(
        "select tenant_id from projects where id = $1 and ($2::uuid is null or tenant_id = $2)",
        project.0,
        tenant.map(|t| t.0)
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(row.tenant_id)
}
