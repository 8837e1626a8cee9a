//! The platform's bucket, as a client with its own credentials sees it.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use sha2::{Digest, Sha256};

use crate::settings::Settings;

/// One bucket.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    bucket: String,
}

impl Store {
    /// A client for the platform's bucket.
    pub fn connect(settings: &Settings) -> Self {
        let http = HttpBuilder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let keys = Credentials::new(
            &settings.s3_access_key,
            &settings.s3_secret_key,
            None,
            None,
            "environment",
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(&settings.s3_endpoint)
            .region(Region::new(settings.s3_region.clone()))
            .credentials_provider(keys)
            .force_path_style(true)
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: settings.bucket.clone(),
        }
    }

    /// Writes an object and returns its `s3://` address.
    pub async fn put(&self, key: &str, content: impl Into<Vec<u8>>) -> String {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(content.into()))
            .send()
            .await
            .unwrap_or_else(|e| panic!("cannot write {key}: {e:?}"));
        self.uri(key)
    }

    /// Writes a large object: its bytes are sent as they are, without a checksum over them.
    pub async fn put_large(&self, key: &str, content: Vec<u8>) -> String {
        let valid = PresigningConfig::expires_in(Duration::from_mins(10)).unwrap();
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.presigned(valid).await.unwrap();
        let sent = reqwest::Client::new().put(put.uri()).body(content).send();
        sent.await
            .and_then(reqwest::Response::error_for_status)
            .unwrap_or_else(|e| panic!("cannot write {key}: {e:?}"));
        self.uri(key)
    }

    /// The `s3://` address of a key.
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Removes every object below a prefix; what cannot be removed stays.
    pub async fn forget(&self, prefix: &str) {
        let bucket = &self.bucket;
        let listed = self.client.list_objects_v2().bucket(bucket).prefix(prefix);
        let Ok(listed) = listed.send().await else {
            return;
        };
        for key in listed.contents().iter().filter_map(|object| object.key()) {
            let _ = self
                .client
                .delete_object()
                .bucket(bucket)
                .key(key)
                .send()
                .await;
        }
    }

    /// Reads an object of this bucket by its `s3://` address.
    pub async fn read(&self, uri: &str) -> Vec<u8> {
        let key = uri
            .strip_prefix(&self.uri(""))
            .unwrap_or_else(|| panic!("{uri} is not in bucket {}", self.bucket));
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        let object = object.unwrap_or_else(|e| panic!("cannot read {uri}: {e:?}"));
        object.body.collect().await.unwrap().to_vec()
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}
