//! The platform id belongs to (tenant, namespace, name); the Kubernetes uid is a binding that can be
//! replaced once, for ever: the one it replaces is tombstoned.

mod parting;

use datacrowd_protocol::{
    WireEnum,
    ids::{ResourceUid, TenantId},
    internal::ResourceKind,
};
use sqlx::PgConnection;

pub(crate) use parting::{end_binding, lock_bound, unbind};

use crate::{
    Error, Labelling, Refusal, Result, error::constraint, exports::first_files, uploads::key_of,
};

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
    pub bound: Option<ResourceUid>,
    /// Generation of its spec.
    pub generation: i64,
}

/// Compares the caller with the locked row, and lets an incarnation that the caller replaces never speak again.
pub(crate) async fn bind(
    conn: &mut PgConnection,
    kind: ResourceKind,
    stored: &Stored,
    uid: ResourceUid,
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
        None => {
            sqlx::query!("delete from departures where uid = $1", uid.0)
                .execute(conn)
                .await?;
            Binding::Adopted
        }
    })
}

/// Refuses a resource that is, or was, bound for another tenant: the namespace changed hands, and what is in it did
/// not. Nothing is said of that tenant.
pub(crate) async fn refuse_foreign(
    conn: &mut PgConnection,
    tenant: TenantId,
    uid: ResourceUid,
) -> Result<()> {
    let found = sqlx::query!(
        "select exists (select from projects where bound_uid = $1 and tenant_id <> $2)
             or exists (select from datasets where bound_uid = $1 and tenant_id <> $2)
             or exists (select from exports where bound_uid = $1 and tenant_id <> $2)
             or exists (select from models where bound_uid = $1 and tenant_id <> $2)
             or exists (select from prediction_jobs where bound_uid = $1 and tenant_id <> $2)
             or exists (select from departures where uid = $1 and tenant_id <> $2) as \"foreign!\"",
        uid.0,
        tenant.0
    )
    .fetch_one(conn)
    .await?;
    if found.foreign {
        Err(Refusal::NamespaceNotBound.into())
    } else {
        Ok(())
    }
}

impl Labelling {
    /// Whether a file, or anything of a folder, was another tenant's before the namespace changed hands: uploaded, loaded or
    /// exported by it. To this one it is not there.
    ///
    /// # Errors
    /// The database failed.
    pub async fn source_is_anothers(
        &self,
        tenant: TenantId,
        namespace: &str,
        uri: &str,
    ) -> Result<bool> {
        is_anothers_source(&mut *self.pool.acquire().await?, tenant, namespace, uri).await
    }
}

/// See [`Labelling::source_is_anothers`].
pub(crate) async fn is_anothers_source(
    conn: &mut PgConnection,
    tenant: TenantId,
    namespace: &str,
    uri: &str,
) -> Result<bool> {
    let is_folder = uri.ends_with('/');
    // A name of a folder's file may hold letters that a source's URI may not.
    let key = key_of(uri);
    let found = sqlx::query!(
        "select exists (select from datasets where namespace = $2 and tenant_id <> $1
                            and (source_path = $3 or $6 and starts_with(source_path, $3) or source_format = 'files' and starts_with($3, source_path)))
             or exists (select from uploads where object_key = any($7) and tenant_id <> $1)
             or $6 and exists (select from uploads where starts_with(object_key, $4) and tenant_id <> $1)
             or exists (select from exports where object_key = any($5) and tenant_id <> $1)
             or exists (select from models where namespace = $2 and tenant_id <> $1 and (source_path = $3 or $6 and starts_with(source_path, $3))) as \"anothers!\"",
        tenant.0,
        namespace,
        uri,
        key,
        &first_files(key),
        is_folder,
        &with_folder(key)
    )
    .fetch_one(conn)
    .await?;
    Ok(found.anothers)
}

/// The key of an upload, and of the folder that it would be a file of.
fn with_folder(key: &str) -> Vec<String> {
    let folder = key.split_inclusive('/').take(4).collect::<String>();
    vec![key.to_owned(), folder]
}

/// What it means that a resource cannot be bound: another tenant's upsert of it was faster.
pub(crate) fn bound(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some(
            "projects_bound_uid"
            | "datasets_bound_uid"
            | "exports_bound_uid"
            | "models_bound_uid"
            | "prediction_jobs_bound_uid",
        ) => Refusal::NamespaceNotBound.into(),
        _ => error.into(),
    }
}

/// Refuses a uid that was replaced or deleted.
pub(crate) async fn refuse_tombstoned(conn: &mut PgConnection, uid: ResourceUid) -> Result<()> {
    let dead = sqlx::query!("select uid from tombstones where uid = $1", uid.0)
        .fetch_optional(conn)
        .await?;
    if dead.is_some() {
        Err(Refusal::Tombstoned.into())
    } else {
        Ok(())
    }
}

/// Lets a uid never speak again.
pub(crate) async fn tombstone(
    conn: &mut PgConnection,
    uid: ResourceUid,
    kind: ResourceKind,
) -> Result<()> {
    sqlx::query!(
        "insert into tombstones (uid, kind) values ($1, $2) on conflict (uid) do nothing",
        uid.0,
        kind.column()
    )
    .execute(conn)
    .await?;
    Ok(())
}
