//! What lies in a folder.

use datacrowd_protocol::object::PlatformFolder;

use super::{Objects, failed};
use crate::error::ApiError;

/// Objects of one page.
const PAGE: i32 = 1000;

/// An object of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key, which begins with the folder's prefix.
    pub key: String,
    /// Its ETag, with quotes.
    pub etag: String,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// A page of a folder, in the order of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub objects: Vec<Listed>,
    /// Whether there is another one.
    pub has_more: bool,
}

impl Objects {
    /// The objects of a folder behind a key, at most 1,000.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn list(
        &self,
        folder: &PlatformFolder,
        after: Option<&str>,
    ) -> Result<Page, ApiError> {
        let page = self
            .client
            .list_objects_v2()
            .bucket(folder.bucket())
            .prefix(folder.prefix())
            .set_start_after(after.map(str::to_owned))
            .max_keys(PAGE)
            .send()
            .await
            .map_err(|e| failed(&e))?;
        let has_more = page.is_truncated().unwrap_or(false);
        let objects = page.contents.unwrap_or_default().into_iter();
        let listed = objects.filter_map(|object| {
            Some(Listed {
                key: object.key?,
                etag: object.e_tag.unwrap_or_default(),
                size_bytes: object.size.unwrap_or(0),
            })
        });
        Ok(Page {
            objects: listed.collect(),
            has_more,
        })
    }
}
