//! A file of unknown length becomes an object while it arrives; memory is one part.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use datacrowd_protocol::{object::PlatformObject, run::UploadedPart};
use futures::{Stream, TryStreamExt};
use sha2::{Digest, Sha256};

use super::Objects;
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

impl Objects {
    /// Stores these pieces by a multipart upload that was begun, and ends it.
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
