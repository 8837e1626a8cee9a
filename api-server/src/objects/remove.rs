//! What goes: one object, or a folder with all that lies below it.

use datacrowd_protocol::object::{PlatformFolder, PlatformObject};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Objects, failed};
use crate::error::ApiError;

/// Objects that are removed at once.
const AT_ONCE: usize = 16;

impl Objects {
    /// Removes an object; one that is gone is success.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn delete(&self, object: &PlatformObject) -> Result<(), ApiError> {
        self.client
            .delete_object()
            .bucket(object.bucket())
            .key(object.key())
            .send()
            .await
            .map(|_| ())
            .map_err(|e| failed(&e))
    }

    /// Removes what lies behind a key of the platform's own rows; nothing lies behind one that it never writes.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn delete_written(&self, key: &str) -> Result<(), ApiError> {
        if !key.ends_with('/') {
            return match self.written(key) {
                Some(object) => self.delete(&object).await,
                None => Ok(()),
            };
        }
        match self.written_folder(key) {
            Some(folder) => self.delete_folder(&folder).await,
            None => Ok(()),
        }
    }

    /// The folder behind a key of the platform's own rows, whose prefix says for whom it was written.
    pub(crate) fn written_folder(&self, key: &str) -> Option<PlatformFolder> {
        self.bucket.folder_at(key.split('/').next()?, key)
    }

    /// Removes all objects below, and every upload that was begun and not ended.
    async fn delete_folder(&self, folder: &PlatformFolder) -> Result<(), ApiError> {
        self.abort_below(folder).await?;
        loop {
            let page = self.list(folder, None).await?;
            let mut objects = Vec::with_capacity(page.objects.len());
            for listed in &page.objects {
                objects.extend(folder.object(&listed.key));
            }
            stream::iter(objects)
                .map(|object| async move { self.delete(&object).await })
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
            if !page.has_more {
                return Ok(());
            }
        }
    }

    async fn abort_below(&self, folder: &PlatformFolder) -> Result<(), ApiError> {
        let begun = self
            .client
            .list_multipart_uploads()
            .bucket(folder.bucket())
            .prefix(folder.prefix())
            .send()
            .await
            .map_err(|e| failed(&e))?;
        for upload in begun.uploads() {
            if let (Some(key), Some(id)) = (upload.key(), upload.upload_id())
                && let Some(object) = folder.object(key)
            {
                self.multipart_abort(&object, id).await?;
            }
        }
        Ok(())
    }
}
