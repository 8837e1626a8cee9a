//! A tenant's own bucket, read with the keys of `source.credentialsSecretRef`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use datacrowd_job::{halt::Halt, http::error_code, retry::RetryPolicy};
use datacrowd_protocol::{
    endpoint::TenantEndpoints,
    run::{RunReason, SourceFound},
    source::SourceUri,
};
use reqwest::{
    StatusCode, Url,
    header::{CONTENT_LENGTH, ETAG, RANGE},
};

use super::{
    endpoint::{self, Guard},
    not_found, sigv4,
};

const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Long enough for a slow request to begin; each request signs its own URL.
const EXPIRES: Duration = Duration::from_mins(15);

/// What the secret holds.
#[derive(Clone)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: String,
    /// `AWS_SESSION_TOKEN`, for temporary keys.
    pub session_token: Option<String>,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL`, for stores other than AWS; as the tenant wrote it.
    pub endpoint: Option<String>,
}

/// One object of that bucket.
#[derive(Clone)]
pub struct OwnBucket {
    /// Dials nothing that the installation does not allow.
    http: reqwest::Client,
    keys: Keys,
    object: Url,
    uri: String,
}

impl OwnBucket {
    /// The object that `uri` names, at an endpoint that the installation allows.
    ///
    /// # Errors
    /// `uri` is no S3 URI, or its endpoint is not allowed.
    pub fn new(keys: Keys, uri: &str, allowed: &TenantEndpoints) -> Result<Self, Halt> {
        let misconfigured = |why: String| Halt::failed(RunReason::Misconfigured, why);
        let parsed = SourceUri::parse(uri).map_err(|error| misconfigured(format!("{error}.")))?;
        let guard = Guard::new(allowed.clone());
        let base = Guard::endpoint(&keys)?;
        let object =
            object_url(base.as_deref(), &keys.region, &parsed).map_err(|_| endpoint::refused())?;
        guard.check(&object)?;
        let http = datacrowd_job::http::guarded(crate::NAME, guard).map_err(|error| {
            misconfigured(format!(
                "Cannot set up TLS: {}.",
                datacrowd_job::http::chain(&error)
            ))
        })?;
        Ok(Self {
            http,
            keys,
            object,
            uri: uri.to_owned(),
        })
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// ETag and size of the object as it is now.
    ///
    /// # Errors
    /// The object is not there, or the keys do not open it.
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature holds for a while from now"
    )]
    pub async fn find(&self, retry_policy: RetryPolicy) -> Result<SourceFound, Halt> {
        let mut backoff = retry_policy.start();
        loop {
            let head = self
                .http
                .head(self.signed("HEAD", Utc::now()))
                .timeout(HEAD_TIMEOUT);
            let why = match head.send().await {
                Err(error) => match endpoint::refusal(&error) {
                    Some(refusal) => return Err(refusal),
                    None => datacrowd_job::http::chain(&error),
                },
                Ok(response) => match response.status() {
                    StatusCode::OK => return self.found(&response),
                    StatusCode::NOT_FOUND => return Err(not_found(&self.uri)),
                    status if status.is_redirection() => {
                        return Err(
                            super::Location::Own(Box::new(self.clone())).elsewhere(&response)
                        );
                    }
                    status if status.is_client_error() => return Err(self.why_refused().await),
                    status => status.to_string(),
                },
            };
            if !backoff.wait("looking the source up", &why).await {
                return Err(Halt::TryAgain(format!("Cannot reach {}: {why}", self.uri)));
            }
        }
    }

    fn found(&self, response: &reqwest::Response) -> Result<SourceFound, Halt> {
        let header = |name| response.headers().get(name)?.to_str().ok();
        match (
            header(ETAG),
            header(CONTENT_LENGTH).and_then(|size| size.parse().ok()),
        ) {
            (Some(etag), Some(size_bytes)) => Ok(SourceFound {
                etag: etag.to_owned(),
                size_bytes,
            }),
            _ => Err(Halt::failed(
                RunReason::Misconfigured,
                format!(
                    "The object store of {} tells neither ETag nor size, so the file cannot be pinned; use an S3-compatible store.",
                    self.uri
                ),
            )),
        }
    }

    /// HEAD has no body; the code that tells wrong keys from missing rights is in that of a GET.
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature holds for a while from now"
    )]
    async fn why_refused(&self) -> Halt {
        let get = self
            .http
            .get(self.signed("GET", Utc::now()))
            .header(RANGE, "bytes=0-0")
            .timeout(HEAD_TIMEOUT);
        match get.send().await {
            Ok(response) => self.refused(&error_code(response).await),
            Err(error) => Halt::TryAgain(format!(
                "Cannot reach {}: {}",
                self.uri,
                datacrowd_job::http::chain(&error)
            )),
        }
    }

    pub(super) fn refused(&self, code: &str) -> Halt {
        let uri = &self.uri;
        match code {
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "AuthorizationHeaderMalformed"
            | "AuthorizationQueryParametersError"
            | "RequestTimeTooSkewed" => Halt::failed(
                RunReason::CredentialsRejected,
                format!(
                    "The object store does not accept the keys of source.credentialsSecretRef ({code}); correct the secret and retry."
                ),
            ),
            _ => Halt::failed(
                RunReason::SourceForbidden,
                format!(
                    "The keys of source.credentialsSecretRef may not read {uri} ({code}); allow s3:GetObject on it and retry."
                ),
            ),
        }
    }

    pub(super) fn signed(&self, method: &str, now: DateTime<Utc>) -> Url {
        sigv4::presign(method, &self.object, &self.keys, now, EXPIRES)
    }
}

/// AWS wants the bucket in the host, except where its dots would break the certificate; others want it in the path.
fn object_url(
    endpoint: Option<&str>,
    region: &str,
    uri: &SourceUri,
) -> Result<Url, url::ParseError> {
    let (bucket, key) = (&uri.bucket, sigv4::encode(&uri.key, true));
    match endpoint {
        Some(endpoint) => Url::parse(&format!("{endpoint}/{bucket}/{key}")),
        None if bucket.contains('.') => {
            Url::parse(&format!("https://s3.{region}.amazonaws.com/{bucket}/{key}"))
        }
        None => Url::parse(&format!("https://{bucket}.s3.{region}.amazonaws.com/{key}")),
    }
}
