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
    /// The stored spec is this very one.
    Unchanged,
    /// The same incarnation with a newer spec.
    Newer,
    /// Another incarnation takes over rows that nobody, or a replaced one, spoke for.
    Adopted,
}

impl Binding {
    /// Whether the caller's spec has to be written.
    pub(crate) fn changes(self) -> bool {
        matches!(self, Self::Newer | Self::Adopted)
    }
}

/// What a row says about the resource that speaks for it.
pub(crate) struct Stored {
    /// The incarnation, none while none does.
    pub bound: Option<Uuid>,
    /// Generation of its spec.
    pub generation: i64,
}

/// Compares the caller with the locked row, and lets an incarnation that the caller replaces never speak again.
pub(crate) async fn bind(
    conn: &mut PgConnection,
    kind: &str,
    stored: &Stored,
    uid: Uuid,
    generation: i64,
) -> Result<Binding> {
    // Again, now that the row is locked: a deletion may have tombstoned the caller while it waited.
    refuse_tombstoned(conn, uid).await?;
    Ok(match stored.bound {
        Some(bound) if bound == uid => match generation.cmp(&stored.generation) {
            std::cmp::Ordering::Less => Binding::Older,
            std::cmp::Ordering::Equal => Binding::Unchanged,
            std::cmp::Ordering::Greater => Binding::Newer,
        },
        Some(replaced) => {
            tombstone(conn, replaced, kind).await?;
            Binding::Adopted
        }
        None => Binding::Adopted,
    })
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
