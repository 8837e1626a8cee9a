//! What an object is, and what it holds.

use bytes::Bytes;
use datacrowd_protocol::object::PlatformObject;
use sha2::{Digest, Sha256};

use super::{Head, Objects, STORE, failed};
use crate::error::ApiError;

impl Objects {
    /// ETag and size of an object; none when it does not exist.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn head(&self, object: &PlatformObject) -> Result<Option<Head>, ApiError> {
        match self
            .client
            .head_object()
            .bucket(object.bucket())
            .key(object.key())
            .send()
            .await
        {
            Ok(found) => Ok(Some(Head {
                etag: found.e_tag().unwrap_or_default().to_owned(),
                size_bytes: found.content_length().unwrap_or(0),
            })),
            Err(error) => match error.raw_response().map(|r| r.status().as_u16()) {
                Some(404) => Ok(None),
                _ => Err(failed(&error)),
            },
        }
    }

    /// The first bytes of an object, `most` of them; none when it does not exist.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn first_bytes(
        &self,
        object: &PlatformObject,
        most: i64,
    ) -> Result<Option<Bytes>, ApiError> {
        let got = self
            .client
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .range(format!("bytes=0-{}", most - 1))
            .send()
            .await;
        match got {
            Ok(found) => {
                let body = found
                    .body
                    .collect()
                    .await
                    .map_err(|e| ApiError::unavailable(STORE, &e))?;
                Ok(Some(body.into_bytes()))
            }
            Err(error) => match error.raw_response().map(|r| r.status().as_u16()) {
                Some(404) => Ok(None),
                // An empty object has no first byte.
                Some(416) => Ok(Some(Bytes::new())),
                _ => Err(failed(&error)),
            },
        }
    }

    /// SHA-256 of an object in hexadecimal, while it has this ETag.
    ///
    /// # Errors
    /// The object is another one by now; or the store does not answer.
    pub async fn sha256(&self, object: &PlatformObject, etag: &str) -> Result<String, ApiError> {
        let found = self
            .client
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .if_match(etag)
            .send()
            .await
            .map_err(|e| failed(&e))?;
        let (mut body, mut digest) = (found.body, Sha256::new());
        while let Some(piece) = body
            .try_next()
            .await
            .map_err(|e| ApiError::unavailable(STORE, &e))?
        {
            digest.update(&piece);
        }
        Ok(hex::encode(digest.finalize()))
    }
}
