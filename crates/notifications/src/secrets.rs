//! What webhooks are signed with: made here, shown once, sealed in the database.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use datacrowd_sealing::Sealed;
use uuid::Uuid;

use crate::{Error, Notifications, Result};

/// Bytes of a secret; Standard Webhooks takes 24 to 64.
const SECRET_BYTES: usize = 32;
const PREFIX: &str = "whsec_";

/// A secret as people copy it.
pub(crate) fn written(secret: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

impl Notifications {
    /// A new secret of an endpoint, plain and sealed.
    pub(crate) fn make_secret(&self, endpoint: Uuid) -> Result<(String, Sealed)> {
        let secret: [u8; SECRET_BYTES] = rand::random();
        let sealed = self.keys.seal(endpoint.as_bytes(), &secret);
        let sealed = sealed.map_err(|_| Error::Corrupt {
            what: "webhook secret",
        })?;
        Ok((written(&secret), sealed))
    }

    /// A secret as it was before it was sealed.
    pub(crate) fn open_secret(&self, endpoint: Uuid, bytes: &[u8], by: &str) -> Option<String> {
        let opened = self.keys.open(endpoint.as_bytes(), bytes, by)?;
        Some(written(&opened))
    }
}
