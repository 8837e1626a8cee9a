//! The object store: uploads in, presigned URLs out. Bytes of sources and exports never pass the server
//! except while a client uploads. Every call names a [`PlatformObject`]: the platform's keys open, sign and
//! remove nothing else, whatever a row or a request says.

use std::{error::Error, io, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region},
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    types::{CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use bytes::Bytes;
use datacrowd_protocol::{
    object::{PlatformBucket, PlatformObject},
    run::UploadedPart,
};

use sha2::{Digest, Sha256};

use crate::{args::Objects as Settings, error::ApiError};

/// How long a runner's URL is good for; it asks for fresh ones.
const RUNNER_URL_TTL: Duration = Duration::from_secs(900);
/// How long a person's download link is good for.
const DOWNLOAD_TTL: Duration = Duration::from_secs(300);
/// What it is called in messages.
const STORE: &str = "object store";

/// The platform's bucket, as pods and as people reach it.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    public: Client,
    bucket: PlatformBucket,
}

/// Codes of a 400 that tell of our settings rather than of this request.
const REFUSING: [&str; 4] = [
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "IllegalLocationConstraintException",
    "InvalidToken",
];

/// What was not done: the store refuses us, or it may do it in a moment.
fn failed<E>(error: &SdkError<E>) -> ApiError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map(|r| r.status().as_u16());
    // An answer to HEAD has no body, so no code.
    let code = error.code();
    let refuses = match status {
        Some(301 | 401 | 403) => true,
        Some(404) => code == Some("NoSuchBucket"),
        Some(400) => code.is_none_or(|code| REFUSING.contains(&code)),
        _ => false,
    };
    match status {
        Some(status) if refuses => {
            let answer = format!("{status} {}", code.unwrap_or_default());
            ApiError::object_store_refused(answer.trim_end(), error)
        }
        _ => ApiError::unavailable(STORE, error),
    }
}

/// What a source object is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// ETag with its quotes.
    pub etag: String,
    /// Size in bytes.
    pub size_bytes: i64,
}

impl Objects {
    /// Clients for both endpoints, with credentials from the environment or the workload's identity.
    pub async fn connect(settings: &Settings) -> Self {
        let http = HttpBuilder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let base = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(settings.region.clone()))
            .load()
            .await;
        let client = |endpoint: Option<&String>| {
            let mut config = aws_sdk_s3::config::Builder::from(&base);
            if let Some(endpoint) = endpoint {
                config = config.endpoint_url(endpoint).force_path_style(true);
            }
            Client::from_conf(config.build())
        };
        Self {
            client: client(settings.endpoint.as_ref()),
            public: client(
                settings
                    .public_endpoint
                    .as_ref()
                    .or(settings.endpoint.as_ref()),
            ),
            bucket: PlatformBucket::new(settings.bucket.clone()),
        }
    }

    /// The platform's bucket.
    #[must_use]
    pub fn bucket(&self) -> &PlatformBucket {
        &self.bucket
    }

    /// Whether the bucket answers.
    pub async fn ping(&self) -> Result<(), ApiError> {
        self.client
            .head_bucket()
            .bucket(self.bucket.name())
            .send()
            .await
            .map(|_| ())
            .map_err(|e| failed(&e))
    }

    /// ETag and size of an object; none when it does not exist.
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

    /// A URL for the runner to read a source from.
    pub async fn presign_source(&self, object: &PlatformObject) -> Result<String, ApiError> {
        let expiry =
            PresigningConfig::expires_in(RUNNER_URL_TTL).map_err(|e| ApiError::internal(&e))?;
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

    /// A link for a person to download a finished export from.
    pub async fn presign_download(
        &self,
        object: &PlatformObject,
        file_name: &str,
    ) -> Result<String, ApiError> {
        let expiry =
            PresigningConfig::expires_in(DOWNLOAD_TTL).map_err(|e| ApiError::internal(&e))?;
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

    /// The first bytes of an object, `most` of them; none when it does not exist.
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

    /// A link for a worker to look at or listen to an object.
    pub async fn presign_media(&self, object: &PlatformObject) -> Result<String, ApiError> {
        let expiry =
            PresigningConfig::expires_in(DOWNLOAD_TTL).map_err(|e| ApiError::internal(&e))?;
        let request = self
            .public
            .get_object()
            .bucket(object.bucket())
            .key(object.key())
            .presigned(expiry)
            .await;
        Ok(request.map_err(|e| failed(&e))?.uri().to_owned())
    }

    /// A URL for the runner to write one part to.
    pub async fn presign_part(
        &self,
        object: &PlatformObject,
        multipart: &str,
        part: i32,
    ) -> Result<String, ApiError> {
        let expiry =
            PresigningConfig::expires_in(RUNNER_URL_TTL).map_err(|e| ApiError::internal(&e))?;
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

    /// Begins a multipart upload.
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

    /// SHA-256 of an object in hexadecimal, while it has this ETag.
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

    /// Makes the object of its parts, and returns its ETag. An upload that is gone because this very call succeeded
    /// before is success.
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

    /// Removes an object; one that is gone is success.
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
}
