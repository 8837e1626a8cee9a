//! The object store: uploads in, presigned URLs out. Bytes of sources and exports never pass the server
//! except while a client uploads. Every call names a [`PlatformObject`]: the platform's keys open, sign and
//! remove nothing else, whatever a row or a request says.

mod links;
mod list;
mod multipart;
mod read;
mod receive;
mod remove;

use std::error::Error;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use datacrowd_protocol::object::{PlatformBucket, PlatformObject};

pub use self::{links::DOWNLOAD_TTL, list::Listed};
use crate::{args::Objects as Settings, error::ApiError};

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

    /// The object behind a key of the platform's own rows, whose prefix says for whom it was written.
    pub(crate) fn written(&self, key: &str) -> Option<PlatformObject> {
        self.bucket.at(key.split('/').next()?, key)
    }

    /// Whether the bucket answers.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn ping(&self) -> Result<(), ApiError> {
        self.client
            .head_bucket()
            .bucket(self.bucket.name())
            .send()
            .await
            .map(|_| ())
            .map_err(|e| failed(&e))
    }
}
