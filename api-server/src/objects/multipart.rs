//! Uploads in parts.

use std::io;

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use datacrowd_protocol::{object::PlatformObject, run::UploadedPart};

use super::{Objects, STORE, failed};
use crate::error::{ApiError, Code};

impl Objects {
    /// Begins a multipart upload.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn multipart_begin(
        &self,
        object: &PlatformObject,
        content_type: &str,
    ) -> Result<String, ApiError> {
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(object.bucket())
            .key(object.key())
            .content_type(content_type)
            .send()
            .await
            .map_err(|e| failed(&e))?;
        begun.upload_id().map(str::to_owned).ok_or_else(|| {
            ApiError::unavailable(STORE, &io::Error::other("no upload id in its answer"))
        })
    }

    /// Writes one part.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn multipart_put(
        &self,
        object: &PlatformObject,
        multipart: &str,
        part_number: i32,
        bytes: Bytes,
    ) -> Result<UploadedPart, ApiError> {
        let put = self
            .client
            .upload_part()
            .bucket(object.bucket())
            .key(object.key())
            .upload_id(multipart)
            .part_number(part_number)
            .body(bytes.into());
        let etag = put
            .send()
            .await
            .map_err(|e| failed(&e))?
            .e_tag()
            .unwrap_or_default()
            .to_owned();
        Ok(UploadedPart { part_number, etag })
    }

    /// Makes the object of its parts, and returns its ETag. An upload that is gone because this very call succeeded
    /// before is success; `part_lost` is a part that is another one by now.
    ///
    /// # Errors
    /// `part_lost`; or the store refuses, or does not answer.
    pub async fn multipart_complete(
        &self,
        object: &PlatformObject,
        multipart: &str,
        parts: &[UploadedPart],
    ) -> Result<String, ApiError> {
        let parts = parts
            .iter()
            .map(|p| {
                CompletedPart::builder()
                    .part_number(p.part_number)
                    .e_tag(&p.etag)
                    .build()
            })
            .collect();
        let upload = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let sent = self
            .client
            .complete_multipart_upload()
            .bucket(object.bucket())
            .key(object.key())
            .upload_id(multipart)
            .multipart_upload(upload)
            .send()
            .await;
        let etag = match sent {
            Ok(made) => made.e_tag().map(str::to_owned),
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                None
            }
            Err(error) if error.code() == Some("InvalidPart") => return Err(part_lost()),
            Err(error) => return Err(failed(&error)),
        };
        match etag {
            Some(etag) => Ok(etag),
            None => {
                let made = self.head(object).await?;
                let made = made.ok_or_else(|| {
                    ApiError::unavailable(STORE, &io::Error::other("the object is not there"))
                })?;
                Ok(made.etag)
            }
        }
    }

    /// Leaves nothing of an upload. An upload that is gone is success.
    ///
    /// # Errors
    /// The store refuses, or does not answer.
    pub async fn multipart_abort(
        &self,
        object: &PlatformObject,
        multipart: &str,
    ) -> Result<(), ApiError> {
        match self
            .client
            .abort_multipart_upload()
            .bucket(object.bucket())
            .key(object.key())
            .upload_id(multipart)
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_response().map(|r| r.status().as_u16()) {
                Some(404) => Ok(()),
                _ => Err(failed(&error)),
            },
        }
    }
}

fn part_lost() -> ApiError {
    ApiError::new(Code::PartLost)
}
