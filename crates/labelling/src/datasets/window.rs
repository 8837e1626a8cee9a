//! Windows over a dataset's tasks: a statement's time is bounded, a dataset's size is not.

use datacrowd_protocol::ids::DatasetId;
use sqlx::PgConnection;

use crate::Result;

/// Rows of one window.
pub(super) const STEP_ROWS: i64 = 2_000;

/// Only one at a time goes over a dataset's tasks in windows, or loads more of them: taken before every other lock.
pub(crate) async fn window_lock(conn: &mut PgConnection, dataset: DatasetId) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 3))",
        dataset.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Whether the dataset has a row at or behind this one.
pub(super) async fn is_there(
    conn: &mut PgConnection,
    dataset: DatasetId,
    row: i64,
) -> Result<bool> {
    let rest = sqlx::query!(
        "select exists (select from tasks where dataset_id = $1 and row_no >= $2) as \"more!\"",
        dataset.0,
        row
    )
    .fetch_one(conn)
    .await?;
    Ok(rest.more)
}
