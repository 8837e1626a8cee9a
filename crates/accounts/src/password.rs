//! Argon2id, off the async threads and never more at once than there are cores.

use std::{fmt, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{error::Unavailable, policy::MAX_BYTES};

/// OWASP's second choice: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords that may wait per core; more are refused at once, instead of late.
const WAITING_PER_CORE: usize = 64;

/// Hashes and compares passwords.
#[derive(Clone)]
pub(crate) struct Hasher(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// A hash of nothing anybody knows, compared when the user is unknown, so that an unknown name
    /// takes as long as a known one.
    dummy: String,
}

impl Hasher {
    /// # Errors
    /// The system has no randomness for the dummy's salt.
    pub(crate) fn new() -> Result<Self, Unavailable> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(hashing)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nothing: [u8; 32] = rand::random();
        let dummy = hash(&argon2, &nothing)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            argon2,
            cores: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores * WAITING_PER_CORE)),
            dummy,
        })))
    }

    /// The PHC string of a password, under a new salt.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Unavailable> {
        let password = password.as_bytes().to_vec();
        self.run(move |inner| hash(&inner.argon2, &password)).await
    }

    /// Whether `password` belongs to `stored`; without one, false after the same work.
    pub(crate) async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<bool, Unavailable> {
        if password.len() > MAX_BYTES {
            return Ok(false); // says nothing about the account: nobody's password is so long
        }
        let password = password.as_bytes().to_vec();
        let stored = stored.map(ToOwned::to_owned);
        self.run(move |inner| {
            let text = stored.as_deref().unwrap_or(&inner.dummy);
            let parsed = PasswordHash::new(text).map_err(hashing)?;
            match inner.argon2.verify_password(&password, &parsed) {
                Ok(()) => Ok(stored.is_some()),
                Err(HashError::PasswordInvalid) => Ok(false),
                Err(error) => Err(hashing(error)),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Unavailable> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let inner = Arc::clone(&self.0);
        let place = Arc::clone(&inner.waiting)
            .try_acquire_owned()
            .map_err(|_| Unavailable::Busy)?;
        let core = Arc::clone(&inner.cores)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the caller: a caller that hangs up does not make room.
            let _held = (place, core);
            work(&inner)
        })
        .await
        .map_err(hashing)?
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, Unavailable> {
    let hash = argon2.hash_password(password).map_err(hashing)?;
    Ok(hash.to_string())
}

fn hashing(error: impl fmt::Display) -> Unavailable {
    Unavailable::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_only_its_password() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash("correct horse").await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(hasher.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("correct hors", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_broken_hash_is_an_error_and_opens_nothing() {
        let hasher = Hasher::new().unwrap();
        assert!(hasher.verify("x", Some("$argon2id$broken")).await.is_err());
    }
}
