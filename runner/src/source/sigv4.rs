//! Presigned S3 URLs by AWS Signature Version 4.
//!
//! The SDK would be the largest part of this binary for one function; AWS publishes a test vector for it.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::Keys;

/// Signs `method` on `object` for `expires` from `now`.
pub(super) fn presign(
    method: &str,
    object: &Url,
    keys: &Keys,
    now: DateTime<Utc>,
    expires: Duration,
) -> Url {
    let date = now.format("%Y%m%d").to_string();
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{date}/{}/s3/aws4_request", keys.region);
    let query = canonical_query(keys, &scope, &time, expires);
    let host = object.host_str().unwrap_or_default();
    let host = object
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = object.path();
    let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
    let digest = hex::encode(Sha256::digest(request.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let secret = format!("AWS4{}", keys.secret_key);
    let key = [date.as_str(), &keys.region, "s3", "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, part| hmac(&key, part));
    let signature = hex::encode(hmac(&key, &to_sign));
    let mut url = object.clone();
    url.set_query(Some(&format!("{query}&X-Amz-Signature={signature}")));
    url
}

/// The parameters in the order of their names, as the signature wants them.
fn canonical_query(keys: &Keys, scope: &str, time: &str, expires: Duration) -> String {
    let credential = format!("{}/{scope}", keys.access_key);
    let expires = expires.as_secs().to_string();
    let mut parameters = vec![
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", time),
        ("X-Amz-Expires", &expires),
    ];
    if let Some(token) = &keys.session_token {
        parameters.push(("X-Amz-Security-Token", token));
    }
    parameters.push(("X-Amz-SignedHeaders", "host"));
    let encoded = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value, false)));
    encoded.collect::<Vec<_>>().join("&")
}

/// Percent-encodes all but RFC 3986's unreserved characters, and slashes unless they are kept.
pub(super) fn encode(text: &str, keep_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte as char);
            }
            b'/' if keep_slashes => encoded.push('/'),
            other => write!(encoded, "%{other:02X}").expect("a String takes every text"),
        }
    }
    encoded
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
            endpoint: None,
        }
    }

    #[test]
    fn the_vector_that_aws_publishes_comes_out() {
        let object = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        let url = presign("GET", &object, &keys(), now, Duration::from_hours(24));
        assert!(
            url.as_str().ends_with(
                "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            ),
            "{url}"
        );
    }

    #[test]
    fn keys_keep_their_slashes_and_lose_everything_special() {
        assert_eq!(encode("a b/ü+~.csv", true), "a%20b/%C3%BC%2B~.csv");
        assert_eq!(encode("a/b", false), "a%2Fb");
    }
}
