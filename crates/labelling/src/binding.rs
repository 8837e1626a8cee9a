//! The platform id belongs to (tenant, namespace, name); the Kubernetes uid is a binding that can be
//! replaced once, for ever: the one it replaces is tombstoned.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Refusal, Result};

/// How an upsert relates to what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The stored spec is newer: report, do not apply.
    Older,
    /// The same incarnation, as new or newer.
    Same,
    /// Another incarnation takes over rows that nobody, or a replaced one, spoke for.
    Adopted,
}

impl Binding {
    /// Compares the stored binding with the caller's.
    pub(crate) fn of(
        bound: Option<Uuid>,
        stored_generation: i64,
        uid: Uuid,
        generation: i64,
    ) -> Self {
        match bound {
            Some(bound) if bound == uid && generation < stored_generation => Self::Older,
            Some(bound) if bound == uid => Self::Same,
            _ => Self::Adopted,
        }
    }
}

/// Refuses a uid that was replaced or deleted.
pub(crate) async fn refuse_tombstoned(conn: &mut PgConnection, uid: Uuid) -> Result<()> {
    let dead = sqlx::query!("select uid from tombstones where uid = $1", uid)
        .fetch_optional(conn)
        .await?;
    if dead.is_some() {
        Err(Refusal::Tombstoned.into())
    } else {
        Ok(())
    }
}

/// Lets a uid never speak again.
pub(crate) async fn tombstone(conn: &mut PgConnection, uid: Uuid, kind: &str) -> Result<()> {
    sqlx::query!(
        "insert into tombstones (uid, kind) values ($1, $2) on conflict (uid) do nothing",
        uid,
        kind
    )
    .execute(conn)
    .await?;
    Ok(())
}
