//! Secrets that have to be read back, under a key that is not in the database: who reads the database, or a backup of
//! it, has nothing of them. XChaCha20-Poly1305 under random nonces; the owner is part of what is authenticated, so
//! that a row moved to somebody else does not open.

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};

/// Shortest accepted secret of a key: its cipher has 256 bits.
const MIN_SECRET_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The secret of a key is too short to be one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a secret that seals has at least {MIN_SECRET_BYTES} bytes")]
pub struct ShortSecret;

/// The cipher refused; it never does for what fits into memory.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a secret cannot be sealed")]
pub struct Unsealable;

/// A key, and the name under which rows remember it.
#[derive(Clone)]
pub struct SealingKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    /// A key made of a secret of at least 32 bytes.
    ///
    /// # Errors
    /// [`ShortSecret`].
    pub fn new(secret: &[u8]) -> Result<Self, ShortSecret> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(ShortSecret);
        }
        // One derivation for the key, another for its name, so that the name tells nothing of the key.
        let derived = |purpose: &[u8]| {
            let digest = Sha256::new().chain_update(purpose);
            digest.chain_update([0]).chain_update(secret).finalize()
        };
        Ok(Self {
            id: hex::encode(&derived(b"datacrowd sealing key name")[..6]),
            cipher: XChaCha20Poly1305::new(&derived(b"datacrowd sealing key")),
        })
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

/// What a column holds, and under which key.
#[derive(Debug)]
pub struct Sealed {
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
    /// Name of the key.
    pub by: String,
}

/// The key that seals, and one that still opens while it is being replaced.
#[derive(Debug, Clone)]
pub struct SealingKeys {
    current: SealingKey,
    previous: Option<SealingKey>,
}

impl SealingKeys {
    /// `current` seals; `previous` still opens.
    #[must_use]
    pub fn new(current: SealingKey, previous: Option<SealingKey>) -> Self {
        Self { current, previous }
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current.id
    }

    /// Seals a secret of this owner.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn seal(&self, owner: &[u8], plain: &[u8]) -> Result<Sealed, Unsealable> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload {
            msg: plain,
            aad: owner,
        };
        let sealed = self.current.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Unsealable)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(Sealed {
            bytes,
            by: self.current.id.clone(),
        })
    }

    /// What was sealed for this owner; none when neither key fits, or the bytes are not what was sealed.
    #[must_use]
    pub fn open(&self, owner: &[u8], bytes: &[u8], by: &str) -> Option<Vec<u8>> {
        let key = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.id == by)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: sealed,
            aad: owner,
        };
        key.cipher.decrypt(&XNonce::from(nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_under_its_key_and_unchanged_only() {
        let (wanda, willy) = (&b"wanda"[..], &b"willy"[..]);
        let old = SealingKeys::new(key(1), None);
        let sealed = old.seal(wanda, b"a secret").unwrap();
        let open = |keys: &SealingKeys, who, bytes: &[u8]| keys.open(who, bytes, &sealed.by);
        let plain = Some(b"a secret".to_vec());
        assert_eq!(open(&old, wanda, &sealed.bytes), plain);
        assert_eq!(open(&old, willy, &sealed.bytes), None);
        let rotated = SealingKeys::new(key(2), Some(key(1)));
        assert_eq!(open(&rotated, wanda, &sealed.bytes), plain);
        let lost = SealingKeys::new(key(2), None);
        assert_eq!(open(&lost, wanda, &sealed.bytes), None);
        for i in 0..sealed.bytes.len() {
            let mut changed = sealed.bytes.clone();
            changed[i] ^= 1;
            assert_eq!(open(&old, wanda, &changed), None, "byte {i}");
            assert_eq!(open(&old, wanda, &sealed.bytes[..i]), None, "cut at {i}");
        }
        let again = old.seal(wanda, b"a secret").unwrap();
        assert_ne!(again.bytes, sealed.bytes, "each under a nonce of its own");
        assert!(!sealed.bytes.windows(8).any(|w| w == b"a secret"));
    }

    #[test]
    fn a_short_secret_is_no_key() {
        let refused = SealingKey::new(&[1; 31]).unwrap_err();
        assert_eq!(refused, ShortSecret);
    }
}
