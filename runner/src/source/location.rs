//! Where the source is read: through URLs that the platform signs, or in the tenant's own bucket.

use std::sync::Arc;

use chrono::Utc;
use datacrowd_job::{halt::Halt, platform::Platform};
use datacrowd_protocol::run::RunReason;
use reqwest::{Response, Url};

use super::{OwnBucket, kept_back};
use crate::calls;

/// Makes the URL of each request.
#[derive(Clone)]
pub enum Location {
    /// The platform's bucket.
    Platform {
        /// Signs fresh URLs.
        platform: Arc<Platform>,
        /// The opener's epoch.
        epoch: i64,
        /// The URL in use.
        url: String,
        /// For messages.
        uri: String,
    },
    /// A bucket whose keys are in the pod's environment.
    Own(Box<OwnBucket>),
}

impl Location {
    /// `s3://bucket/key`.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Platform { uri, .. } => uri,
            Self::Own(bucket) => bucket.uri(),
        }
    }

    /// The client that reads there: only the platform's own store is reached without a guard.
    #[must_use]
    pub fn http(&self, platform: &reqwest::Client) -> reqwest::Client {
        match self {
            Self::Platform { .. } => platform.clone(),
            Self::Own(bucket) => bucket.http().clone(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a signature holds for a while from now"
    )]
    pub(super) fn url(&self) -> Result<Url, Halt> {
        match self {
            Self::Platform { url, .. } => Url::parse(url).map_err(|error| {
                tracing::error!(%error, "the URL of the source cannot be read");
                Halt::failed(
                    RunReason::Misconfigured,
                    "The platform signed a URL for the source that is none; ask whoever runs it to look at objectStore.endpoint.",
                )
            }),
            Self::Own(bucket) => Ok(bucket.signed("GET", Utc::now())),
        }
    }

    /// Signed URLs expire; asks for one that has not.
    pub(super) async fn renew(&mut self) -> Result<(), Halt> {
        if let Self::Platform {
            platform,
            epoch,
            url,
            ..
        } = self
        {
            *url = calls::source_url(platform, *epoch).await?.source_url;
        }
        Ok(())
    }

    /// What a lasting refusal means; `code` is the object store's.
    pub(super) fn forbidden(&self, code: &str) -> Halt {
        match self {
            Self::Platform { uri, .. } => kept_back(uri, code),
            Self::Own(bucket) => bucket.refused(code),
        }
    }

    /// A redirect: S3 answers so when the bucket is in another region.
    pub(super) fn elsewhere(&self, response: &Response) -> Halt {
        let region = response
            .headers()
            .get("x-amz-bucket-region")
            .and_then(|region| region.to_str().ok())
            .unwrap_or("another region");
        let remedy = match self {
            Self::Platform { .. } => "ask whoever runs the platform to correct its region",
            Self::Own(_) => {
                "set AWS_REGION or AWS_ENDPOINT_URL in the secret of source.credentialsSecretRef"
            }
        };
        Halt::failed(
            RunReason::Misconfigured,
            format!("{} is in {region}; {remedy}.", self.uri()),
        )
    }
}
