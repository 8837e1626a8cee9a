//! A file of unknown length becomes an object while it arrives; memory is one part.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use datacrowd_protocol::{object::PlatformObject, run::UploadedPart};
use futures::{Stream, StreamExt as _, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::{Objects, failed};
use crate::error::ApiResult;

/// Bytes of each part but the last.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// An object that arrived whole.
#[derive(Debug)]
pub struct Received {
    /// ETag with its quotes.
    pub etag: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// In hexadecimal.
    pub sha256: String,
}

/// An upload in parts, taken back when whoever began it goes away.
struct Begun<'a> {
    objects: &'a Objects,
    object: &'a PlatformObject,
    id: Option<String>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let (objects, object) = (self.objects.clone(), self.object.clone());
        // What fails here goes with its folder.
        tokio::spawn(async move { objects.multipart_abort(&object, &id).await });
    }
}

impl Objects {
    /// Stores these pieces: small ones at once, larger ones in parts, of which nothing is left when this is dropped.
    ///
    /// # Errors
    /// The pieces end early or fail; or the store refuses, or does not answer.
    pub async fn store(
        &self,
        object: &PlatformObject,
        content_type: &str,
        pieces: impl Stream<Item = ApiResult<Bytes>> + Send,
    ) -> ApiResult<Received> {
        let mut pieces = pin!(pieces);
        let mut begin = BytesMut::new();
        while begin.len() < PART_BYTES {
            match pieces.try_next().await? {
                Some(piece) => begin.extend_from_slice(&piece),
                None => return self.put(object, content_type, begin.freeze()).await,
            }
        }
        let mut begun = Begun {
            objects: self,
            object,
            id: Some(self.multipart_begin(object, content_type).await?),
        };
        let id = begun.id.clone().unwrap_or_default();
        let pieces = stream::iter([Ok(begin.freeze())]).chain(pieces);
        let received = self.receive(object, &id, pieces).await?;
        begun.id = None;
        Ok(received)
    }

    async fn put(
        &self,
        object: &PlatformObject,
        content_type: &str,
        bytes: Bytes,
    ) -> ApiResult<Received> {
        let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let put = self
            .client
            .put_object()
            .bucket(object.bucket())
            .key(object.key())
            .content_type(content_type)
            .body(bytes.into());
        let put = put.send().await.map_err(|e| failed(&e))?;
        Ok(Received {
            etag: put.e_tag().unwrap_or_default().to_owned(),
            size_bytes,
            sha256,
        })
    }

    /// Stores these pieces by a multipart upload that was begun, and ends it.
    ///
    /// # Errors
    /// The pieces end early or fail; or the store refuses, or does not answer.
    pub async fn receive(
        &self,
        object: &PlatformObject,
        multipart: &str,
        pieces: impl Stream<Item = ApiResult<Bytes>> + Send,
    ) -> ApiResult<Received> {
        let mut pieces = pin!(pieces);
        let (mut digest, mut size) = (Sha256::new(), 0_u64);
        let (mut buffer, mut parts) = (BytesMut::new(), Vec::new());
        while let Some(piece) = pieces.try_next().await? {
            size += piece.len() as u64;
            digest.update(&piece);
            buffer.extend_from_slice(&piece);
            while buffer.len() >= PART_BYTES {
                let part = buffer.split_to(PART_BYTES).freeze();
                self.put_next(object, multipart, &mut parts, part).await?;
            }
        }
        // An object has a part, though it may be empty.
        if !buffer.is_empty() || parts.is_empty() {
            self.put_next(object, multipart, &mut parts, buffer.freeze())
                .await?;
        }
        Ok(Received {
            etag: self.multipart_complete(object, multipart, &parts).await?,
            size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
            sha256: hex::encode(digest.finalize()),
        })
    }

    async fn put_next(
        &self,
        object: &PlatformObject,
        multipart: &str,
        parts: &mut Vec<UploadedPart>,
        bytes: Bytes,
    ) -> ApiResult<()> {
        let number = i32::try_from(parts.len()).unwrap_or(i32::MAX - 1) + 1;
        let part = self.multipart_put(object, multipart, number, bytes).await?;
        parts.push(part);
        Ok(())
    }
}
