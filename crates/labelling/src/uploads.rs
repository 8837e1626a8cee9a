//! Uploads: a row before the first byte, so that what a crash leaves behind is found and aborted.

mod files;

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{TenantId, UploadId};

use sqlx::PgConnection;

pub use self::files::{FileUpload, LeftFile, NewFile};
use crate::{Labelling, Refusal, Result};

/// An upload that nobody finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleUpload {
    /// Its id.
    pub id: UploadId,
    /// Key of the object it was to become; of a folder when it ends in a slash.
    pub object_key: String,
    /// The object store's multipart upload, when one was begun.
    pub multipart: Option<String>,
}

/// A file that arrived whole, as the object store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// ETag with its quotes.
    pub etag: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// SHA-256 of what the client sent, in hexadecimal.
    pub sha256: String,
}

/// A folder that files are put into, until a Dataset names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderUpload {
    /// What the keys of its files begin with; it ends in a slash.
    pub key: String,
    /// Whether files may still come.
    pub is_open: bool,
}

impl Labelling {
    /// Records that bytes are about to be written to `key`, or below it when it ends in a slash.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_open(
        &self,
        id: UploadId,
        tenant: TenantId,
        key: &str,
        multipart: Option<&str>,
    ) -> Result<()> {
        sqlx::query!(
            "insert into uploads (id, tenant_id, object_key, multipart_id) values ($1, $2, $3, $4)",
            id.0,
            tenant.0,
            key,
            multipart as Option<&str>
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// A folder of this tenant, of any when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn folder_upload(
        &self,
        tenant: Option<TenantId>,
        id: UploadId,
    ) -> Result<FolderUpload> {
        let row = sqlx::query!(
            "select object_key, state = 'open' as \"is_open!\" from uploads
             where id = $1 and ($2::uuid is null or tenant_id = $2) and right(object_key, 1) = '/'",
            id.0,
            tenant.map(|tenant| tenant.0)
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(FolderUpload {
            key: row.object_key,
            is_open: row.is_open,
        })
    }

    /// Records what was accepted, before a Dataset names it: whoever reads it compares.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_accepted(&self, id: UploadId, accepted: &Accepted) -> Result<()> {
        sqlx::query!(
            "update uploads set etag = $2, size_bytes = $3, sha256 = $4 where id = $1",
            id.0,
            accepted.etag,
            accepted.size_bytes,
            accepted.sha256
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// The upload belongs to a dataset now, or nothing of it is left.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_close(&self, id: UploadId, kept: bool) -> Result<()> {
        let state = if kept { "done" } else { "aborted" };
        sqlx::query!("update uploads set state = $2 where id = $1", id.0, state)
            .execute(&self.calls)
            .await?;
        Ok(())
    }

    /// Uploads begun before `before` and never closed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn uploads_stale(&self, before: DateTime<Utc>) -> Result<Vec<StaleUpload>> {
        let rows = sqlx::query!("select id, object_key, multipart_id from uploads where state = 'open' and created_at < $1 limit 100", before)
            .fetch_all(&self.calls)
            .await?;
        Ok(rows
            .into_iter()
            .map(|r| StaleUpload {
                id: UploadId(r.id),
                object_key: r.object_key,
                multipart: r.multipart_id,
            })
            .collect())
    }
}

/// Whether a key is of something that was uploaded: a file, a file of a folder, or the folder. What lies below an upload's
/// folder's name, or above all of them, is not what was.
pub(crate) fn is_upload(namespace: &str, key: &str) -> bool {
    let uploads = format!("{namespace}/datasets/");
    key.strip_prefix(&uploads).is_some_and(|rest| {
        !key.ends_with('/')
            || rest
                .strip_suffix("/files/")
                .is_some_and(|id| !id.contains('/'))
    })
}

/// The key of a URI; empty when it has none.
pub(crate) fn key_of(uri: &str) -> &str {
    let rest = uri.strip_prefix("s3://").unwrap_or_default();
    rest.split_once('/').map_or("", |(_, key)| key)
}

/// The folder that a model's file was put into is the model's from now on: nobody gives it up.
pub(crate) async fn keep_folder(
    conn: &mut PgConnection,
    tenant: TenantId,
    uri: &str,
) -> Result<()> {
    sqlx::query!(
        "update uploads set state = 'done' where state = 'open' and right(object_key, 1) = '/' and starts_with($2, object_key) and tenant_id = $1",
        tenant.0,
        key_of(uri)
    )
    .execute(conn)
    .await?;
    Ok(())
}
