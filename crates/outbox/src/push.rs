//! Leaving a message behind, in the transaction of what it tells.

use serde::Serialize;
use sqlx::PgConnection;

use crate::message::Columns;

/// Leaves a message to be told once the transaction of `conn` is committed. Messages of one key are told in the order
/// in which they were pushed, as long as the caller holds the lock of what the key names.
///
/// # Errors
/// The database failed, or the message is not a kind and a payload.
pub async fn push<M: Serialize>(
    conn: &mut PgConnection,
    key: &str,
    message: &M,
) -> Result<(), sqlx::Error> {
    let row = Columns::of(message).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query!(
        "insert into outbox (key, kind, payload) values ($1, $2, $3)",
        key,
        row.kind,
        row.payload
    )
    .execute(conn)
    .await?;
    Ok(())
}
