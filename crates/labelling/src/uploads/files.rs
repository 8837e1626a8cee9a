//! Large files of an upload, which arrive in several requests: what of them is stored, and which request may add to it.
//!
//! Of two requests that send the same file, the later one goes on: the earlier one's line may be broken without anybody
//! knowing. A part counts once its row is there, and only the file's writer writes one.

use datacrowd_protocol::{
    ids::{TenantId, UploadFileId, UploadId},
    run::UploadedPart,
};
use uuid::Uuid;

use super::key_of;
use crate::{Labelling, Refusal, Result};

/// A file that is about to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile<'a> {
    /// Its id.
    pub id: UploadFileId,
    /// Its path within the folder.
    pub name: &'a str,
    /// Its whole size.
    pub size_bytes: i64,
    /// Bytes of each part but the last.
    pub part_bytes: i64,
    /// The object store's multipart upload.
    pub multipart: &'a str,
}

/// A file that arrives in several requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUpload {
    /// Its id.
    pub id: UploadFileId,
    /// Key of the folder.
    pub folder: String,
    /// Whether anything may still come.
    pub is_open: bool,
    /// Its path within the folder.
    pub name: String,
    /// Its whole size.
    pub size_bytes: i64,
    /// Bytes of each part but the last.
    pub part_bytes: i64,
    /// The object store's multipart upload.
    pub multipart: String,
    /// Parts that are stored.
    pub parts: i32,
    /// Whether it is an object.
    pub is_done: bool,
}

impl FileUpload {
    /// Bytes that are stored.
    #[must_use]
    pub fn offset(&self) -> i64 {
        match self.is_done {
            true => self.size_bytes,
            false => (i64::from(self.parts) * self.part_bytes).min(self.size_bytes),
        }
    }
}

/// A file of an upload that nobody sends any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftFile {
    /// Its id.
    pub id: UploadFileId,
    /// Key of the object that it was to become.
    pub object_key: String,
    /// The object store's multipart upload.
    pub multipart: String,
}

impl Labelling {
    /// Records that a file is about to arrive; false when nothing may come into the folder any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_file_begin(&self, upload: UploadId, file: &NewFile<'_>) -> Result<bool> {
        // Whoever closes the folder waits for this row, or is seen.
        let begun = sqlx::query!(
            "with folder as (select id from uploads where id = $2 and state = 'open' for share)
             insert into upload_files (id, upload_id, name, size_bytes, part_bytes, multipart_id)
             select $1, id, $3, $4, $5, $6 from folder",
            file.id.0,
            upload.0,
            file.name,
            file.size_bytes,
            file.part_bytes,
            file.multipart
        )
        .execute(&self.calls)
        .await?;
        Ok(begun.rows_affected() > 0)
    }

    /// A file of this tenant, of any when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn upload_file(
        &self,
        tenant: Option<TenantId>,
        upload: UploadId,
        file: UploadFileId,
    ) -> Result<FileUpload> {
        let row = sqlx::query!(
            "select u.object_key, u.state = 'open' as \"is_open!\", f.name, f.size_bytes, f.part_bytes, f.multipart_id,
                    f.state = 'done' as \"is_done!\", (select count(*)::int from upload_parts p where p.file_id = f.id) as \"parts!\"
             from upload_files f join uploads u on u.id = f.upload_id
             where f.id = $1 and f.upload_id = $2 and ($3::uuid is null or u.tenant_id = $3)",
            file.0,
            upload.0,
            tenant.map(|tenant| tenant.0)
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(FileUpload {
            id: file,
            folder: row.object_key,
            is_open: row.is_open,
            name: row.name,
            size_bytes: row.size_bytes,
            part_bytes: row.part_bytes,
            multipart: row.multipart_id,
            parts: row.parts,
            is_done: row.is_done,
        })
    }

    /// Makes `writer` the one that adds parts, when so many are stored; says whether they are.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_file_take(
        &self,
        file: UploadFileId,
        writer: Uuid,
        parts: i32,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        // The row first: a part that its last writer adds is counted, or is none.
        sqlx::query!(
            "update upload_files set writer = $2 where id = $1 and state = 'open'",
            file.0,
            writer
        )
        .execute(&mut *tx)
        .await?;
        let stored = sqlx::query_scalar!(
            "select count(*)::int as \"parts!\" from upload_parts where file_id = $1",
            file.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if stored == parts {
            tx.commit().await?;
        }
        Ok(stored == parts)
    }

    /// Whether `writer` is still the one that adds parts.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_file_is_of(&self, file: UploadFileId, writer: Uuid) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            "select exists (select from upload_files where id = $1 and writer = $2) as \"is_of!\"",
            file.0,
            writer
        )
        .fetch_one(&self.calls)
        .await?)
    }

    /// The file has to come again from its beginning.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_parts_forget(&self, file: UploadFileId) -> Result<()> {
        sqlx::query!("delete from upload_parts where file_id = $1", file.0)
            .execute(&self.calls)
            .await?;
        Ok(())
    }

    /// Counts a part that was stored; false when another request sends the file now, or nobody may.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_part_stored(
        &self,
        file: UploadFileId,
        writer: Uuid,
        part: &UploadedPart,
    ) -> Result<bool> {
        let stored = sqlx::query!(
            "with file as (
                 select f.id from upload_files f join uploads u on u.id = f.upload_id
                 where f.id = $1 and f.writer = $2 and f.state = 'open' and u.state = 'open' for share)
             insert into upload_parts (file_id, number, etag) select id, $3, $4 from file",
            file.0,
            writer,
            part.part_number,
            part.etag
        )
        .execute(&self.calls)
        .await?;
        Ok(stored.rows_affected() > 0)
    }

    /// The parts that are stored, in their order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_parts(&self, file: UploadFileId) -> Result<Vec<UploadedPart>> {
        let rows = sqlx::query!(
            "select number, etag from upload_parts where file_id = $1 order by number",
            file.0
        )
        .fetch_all(&self.calls)
        .await?;
        let parts = rows.into_iter().map(|row| UploadedPart {
            part_number: row.number,
            etag: row.etag,
        });
        Ok(parts.collect())
    }

    /// The file is an object now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_file_done(&self, file: UploadFileId) -> Result<()> {
        sqlx::query!(
            "update upload_files set state = 'done' where id = $1",
            file.0
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// Nothing is left of the file.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_file_forget(&self, file: UploadFileId) -> Result<()> {
        sqlx::query!("delete from upload_files where id = $1", file.0)
            .execute(&self.calls)
            .await?;
        Ok(())
    }

    /// A file that has not arrived whole, of the open folder that this source lies in or is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_unfinished(&self, tenant: TenantId, uri: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar!(
            "select f.name from uploads u join upload_files f on f.upload_id = u.id
             where u.tenant_id = $1 and u.state = 'open' and right(u.object_key, 1) = '/' and starts_with($2, u.object_key)
               and f.state = 'open' order by f.name limit 1",
            tenant.0,
            key_of(uri)
        )
        .fetch_optional(&self.calls)
        .await?)
    }

    /// Files that never arrived, of folders that nothing may come into any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn upload_files_left(&self) -> Result<Vec<LeftFile>> {
        let rows = sqlx::query!(
            "select f.id, u.object_key || f.name as \"object_key!\", f.multipart_id
             from upload_files f join uploads u on u.id = f.upload_id
             where f.state = 'open' and u.state <> 'open' order by f.id limit 100"
        )
        .fetch_all(&self.calls)
        .await?;
        let left = rows.into_iter().map(|row| LeftFile {
            id: UploadFileId(row.id),
            object_key: row.object_key,
            multipart: row.multipart_id,
        });
        Ok(left.collect())
    }
}
