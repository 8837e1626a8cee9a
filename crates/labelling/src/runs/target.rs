//! What a run writes to.

use datacrowd_protocol::ids::{DatasetId, ExportId, ModelId, PredictionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// Id of what a run writes to: a dataset's, an export's, a model's or a prediction's, as its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TargetId(pub Uuid);

macro_rules! target {
    ($($id:ident),+) => {$(
        impl From<$id> for TargetId {
            fn from(id: $id) -> Self {
                Self(id.0)
            }
        }

        impl From<TargetId> for $id {
            fn from(id: TargetId) -> Self {
                Self(id.0)
            }
        }
    )+};
}
target!(DatasetId, ExportId, ModelId, PredictionId);

/// Locks the target, before the run and its hold: whoever fences or deletes it takes them in
/// this order. False when it is gone.
pub(super) async fn lock_target(conn: &mut PgConnection, target: TargetId) -> Result<bool> {
    macro_rules! lock {
        ($($sql:literal),+) => {$(
            if sqlx::query!($sql, target.0).fetch_optional(&mut *conn).await?.is_some() {
                return Ok(true);
            }
        )+};
    }
    lock!(
        "select id from datasets where id = $1 for update",
        "select id from exports where id = $1 for update",
        "select id from models where id = $1 for update",
        "select id from prediction_jobs where id = $1 for update"
    );
    Ok(false)
}
