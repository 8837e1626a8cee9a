//! What a run writes to.

use datacrowd_protocol::ids::{DatasetId, ExportId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// Id of what a run writes to: a dataset's or an export's, as its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TargetId(pub Uuid);

impl From<DatasetId> for TargetId {
    fn from(id: DatasetId) -> Self {
        Self(id.0)
    }
}

impl From<ExportId> for TargetId {
    fn from(id: ExportId) -> Self {
        Self(id.0)
    }
}

impl From<TargetId> for DatasetId {
    fn from(id: TargetId) -> Self {
        Self(id.0)
    }
}

impl From<TargetId> for ExportId {
    fn from(id: TargetId) -> Self {
        Self(id.0)
    }
}

/// Locks the target, before the run and its hold: whoever fences or deletes it takes them in
/// this order. False when it is gone.
pub(super) async fn lock_target(conn: &mut PgConnection, target: TargetId) -> Result<bool> {
    let dataset = sqlx::query!("select id from datasets where id = $1 for update", target.0)
        .fetch_optional(&mut *conn)
        .await?;
    let export = sqlx::query!("select id from exports where id = $1 for update", target.0)
        .fetch_optional(conn)
        .await?;
    Ok(dataset.is_some() || export.is_some())
}
