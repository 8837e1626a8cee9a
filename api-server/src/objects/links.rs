//! Presigned URLs: whoever holds one reads or writes this one object, without any key of the platform's.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use datacrowd_protocol::object::PlatformObject;

use super::{Objects, failed};
use crate::error::ApiError;

/// How long a runner's URL is good for; it asks for fresh ones.
const RUNNER_URL_TTL: Duration = Duration::from_mins(15);
/// How long a person's link is good for.
pub const DOWNLOAD_TTL: Duration = Duration::from_mins(5);

fn good_for(time: Duration) -> Result<PresigningConfig, ApiError> {
    PresigningConfig::expires_in(time).map_err(|e| ApiError::internal(&e))
}

impl Objects {
    /// A URL for the runner to read a source from.
    ///
    /// # Errors
    /// The store's keys cannot sign.
    pub async fn presign_source(&self, object: &PlatformObject) -> Result<String, ApiError> {
        let expiry = good_for(RUNNER_URL_TTL)?;
        let request = self
            .client
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .presigned(expiry)
            .await
            .map_err(|e| failed(&e))?;
        Ok(request.uri().to_owned())
    }

    /// A URL for the runner to write one part to.
    ///
    /// # Errors
    /// The store's keys cannot sign.
    pub async fn presign_part(
        &self,
        object: &PlatformObject,
        multipart: &str,
        part: i32,
    ) -> Result<String, ApiError> {
        let expiry = good_for(RUNNER_URL_TTL)?;
        let request = self
            .client
            .upload_part()
            .bucket(object.bucket())
            .key(object.key())
            .upload_id(multipart)
            .part_number(part)
            .presigned(expiry)
            .await;
        Ok(request.map_err(|e| failed(&e))?.uri().to_owned())
    }

    /// A URL for the runner to write a small object to, whole.
    ///
    /// # Errors
    /// The store's keys cannot sign.
    pub async fn presign_put(&self, object: &PlatformObject) -> Result<String, ApiError> {
        let expiry = good_for(RUNNER_URL_TTL)?;
        let request = self
            .client
            .put_object()
            .bucket(object.bucket())
            .key(object.key())
            .presigned(expiry)
            .await;
        Ok(request.map_err(|e| failed(&e))?.uri().to_owned())
    }

    /// A link for a person to download a finished export from.
    ///
    /// # Errors
    /// The store's keys cannot sign.
    pub async fn presign_download(
        &self,
        object: &PlatformObject,
        file_name: &str,
    ) -> Result<String, ApiError> {
        let expiry = good_for(DOWNLOAD_TTL)?;
        let disposition = format!("attachment; filename=\"{file_name}\"");
        let request = self
            .public
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .response_content_disposition(disposition)
            .presigned(expiry)
            .await;
        Ok(request.map_err(|e| failed(&e))?.uri().to_owned())
    }

    /// A link for a worker to look at or listen to an object.
    ///
    /// # Errors
    /// The store's keys cannot sign.
    pub async fn presign_media(&self, object: &PlatformObject) -> Result<String, ApiError> {
        let expiry = good_for(DOWNLOAD_TTL)?;
        let request = self
            .public
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .presigned(expiry)
            .await;
        Ok(request.map_err(|e| failed(&e))?.uri().to_owned())
    }
}
