//! The append-only record of state changes, written in the transaction that makes them.

use serde_json::Value;
use sqlx::PgConnection;

use crate::Result;

/// What happened, to what, by whom.
pub(crate) async fn record(
    conn: &mut PgConnection,
    kind: &str,
    subject: &str,
    actor: &str,
    data: Value,
) -> Result<()> {
    sqlx::query!(
        "insert into events (kind, subject, actor, data) values ($1, $2, $3, $4)",
        kind,
        subject,
        actor,
        data
    )
    .execute(conn)
    .await?;
    Ok(())
}
