//! What other systems must be told after a commit; the API server acts on the rows and marks them done.

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{Labelling, Result};

/// One thing to tell.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Its number; rows are told in this order.
    pub id: i64,
    /// `billing_revision` (patch a Project's annotation) or `delete_object` (remove a key).
    pub kind: String,
    /// What the kind needs.
    pub payload: Value,
}

/// Tells the cluster that a project's budget changed, so that waiting Datasets go on.
pub(crate) async fn billing_changed(
    conn: &mut PgConnection,
    namespace: &str,
    name: &str,
) -> Result<()> {
    push(
        conn,
        "billing_revision",
        json!({"namespace": namespace, "name": name}),
    )
    .await
}

/// Has an object of the platform's bucket removed.
pub(crate) async fn delete_object(conn: &mut PgConnection, key: &str) -> Result<()> {
    push(conn, "delete_object", json!({"key": key})).await
}

async fn push(conn: &mut PgConnection, kind: &str, payload: Value) -> Result<()> {
    sqlx::query!(
        "insert into outbox (kind, payload) values ($1, $2)",
        kind,
        payload
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Labelling {
    /// The oldest rows that nobody has acted on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_open(&self, limit: i64) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query!("select id, kind, payload from outbox where done_at is null order by attempts, id limit $1", limit)
            .fetch_all(&self.calls)
            .await?;
        Ok(rows
            .into_iter()
            .map(|r| OutboxRow {
                id: r.id,
                kind: r.kind,
                payload: r.payload,
            })
            .collect())
    }

    /// Marks a row as acted on. Acting twice is harmless, so a crash between act and mark is too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_done(&self, id: i64) -> Result<()> {
        sqlx::query!("update outbox set done_at = now() where id = $1", id)
            .execute(&self.calls)
            .await?;
        Ok(())
    }

    /// Puts a row behind the others after a failed try.
    ///
    /// # Errors
    /// The database failed.
    pub async fn outbox_failed(&self, id: i64) -> Result<()> {
        sqlx::query!(
            "update outbox set attempts = attempts + 1 where id = $1",
            id
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }
}
