//! What an installation may choose.

use std::fmt;

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::Sha256;

use datacrowd_sealing::SealingKeys;

/// Shortest accepted signing secret: HS256 has 256 bits.
const MIN_SECRET_BYTES: usize = 32;

/// Why a setting is refused at start.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// The signing secret is too short to be one.
    #[error("the signing secret \"{0}\" has fewer than {MIN_SECRET_BYTES} bytes")]
    ShortSecret(String),
    /// Both signing keys have one name.
    #[error("the current and the previous signing key are both named \"{0}\"")]
    SameKid(String),
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Whoever wants to.
    #[default]
    Open,
    /// Who was invited by an administrator.
    Invitation,
}

/// What the hash of a new password costs. A stored hash names its own cost, under which it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for HashCost {
    /// OWASP's second choice for Argon2id: 19 MiB, two passes.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
        }
    }
}

/// A secret that signs access tokens, and the `kid` that names it in their headers.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    /// Derives refresh tokens from the ones before them.
    pub(crate) succession: Hmac<Sha256>,
}

impl SigningKey {
    /// A key named `kid` of a secret of at least 32 bytes.
    ///
    /// # Errors
    /// [`SettingsError::ShortSecret`].
    pub fn new(kid: impl Into<String>, secret: &[u8]) -> Result<Self, SettingsError> {
        let kid = kid.into();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(SettingsError::ShortSecret(kid));
        }
        let succession = Hmac::new_from_slice(secret).expect("any length is a key");
        Ok(Self {
            kid,
            succession: succession.chain_update(b"refresh token succession\0"),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// Keys and lifetimes of tokens.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) current: SigningKey,
    pub(crate) previous: Option<SigningKey>,
    pub(crate) sealing: SealingKeys,
    pub(crate) registration: Registration,
    pub(crate) hash_cost: HashCost,
    pub(crate) issuer: &'static str,
    pub(crate) audience: &'static str,
    pub(crate) access: TimeDelta,
    pub(crate) refresh: TimeDelta,
    pub(crate) cache: TimeDelta,
}

impl Settings {
    /// The platform's lifetimes: access tokens 15 minutes, refresh tokens 30 days from their last
    /// use, rights at most 30 seconds old. `current` signs; `previous` is still accepted. Registration is open.
    ///
    /// # Errors
    /// [`SettingsError::SameKid`].
    pub fn new(
        current: SigningKey,
        previous: Option<SigningKey>,
        sealing: SealingKeys,
    ) -> Result<Self, SettingsError> {
        if let Some(previous) = &previous
            && previous.kid == current.kid
        {
            return Err(SettingsError::SameKid(current.kid));
        }
        Ok(Self {
            current,
            previous,
            sealing,
            registration: Registration::Open,
            hash_cost: HashCost::default(),
            issuer: "datacrowd",
            audience: "datacrowd-api",
            access: TimeDelta::minutes(15),
            refresh: TimeDelta::days(30),
            cache: TimeDelta::seconds(30),
        })
    }

    /// The same, with passwords of this cost: for tests, which make hundreds of accounts.
    #[must_use]
    pub fn with_hash_cost(self, hash_cost: HashCost) -> Self {
        Self { hash_cost, ..self }
    }

    /// The same, with this rule of who may register.
    #[must_use]
    pub fn with_registration(self, registration: Registration) -> Self {
        Self {
            registration,
            ..self
        }
    }
}
