//! Argon2id, off the async threads and never more at once than there are cores, in memory that is
//! kept: 19 MiB taken and given back per sign-in would fragment the heap.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::Semaphore;

use crate::{error::Unavailable, normal::nfkc, policy::MAX_BYTES, settings::HashCost};

const LANES: u32 = 1;

/// Passwords that may wait per core; more are refused at once, instead of late.
const WAITING_PER_CORE: usize = 64;

/// Whether a password belongs to a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// In its one form.
    Yes,
    /// As it was typed: the hash is of before passwords had one form.
    AsTyped,
    No,
}

/// Hashes and compares passwords, each in one form (NFKC): two systems type one password in two.
#[derive(Clone)]
pub(crate) struct Hasher(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Memory that no computation uses now; never more pieces than cores.
    idle: Mutex<Vec<Vec<Block>>>,
    /// A hash of nothing anybody knows, compared when the user is unknown, so that an unknown name
    /// takes as long as a known one.
    dummy: String,
}

impl Hasher {
    /// # Errors
    /// The system has no randomness for the dummy's salt, or no hash costs that.
    pub(crate) fn new(cost: HashCost) -> Result<Self, Unavailable> {
        let params = Params::new(cost.memory_kib, cost.passes, LANES, None).map_err(hashing)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nothing: [u8; 32] = rand::random();
        let mut memory = Vec::new();
        let dummy = hash(&argon2, &nothing, &mut memory)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            argon2,
            cores: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores * WAITING_PER_CORE)),
            idle: Mutex::new(vec![memory]),
            dummy,
        })))
    }

    /// The PHC string of a password, under a new salt.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Unavailable> {
        let password = nfkc(password).into_owned();
        self.run(move |inner, memory| hash(&inner.argon2, password.as_bytes(), memory))
            .await
    }

    /// Whether `password` belongs to `stored`; without one, `No` after the same work: what is wrong is compared in
    /// every form it has.
    pub(crate) async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Fit, Unavailable> {
        if password.len() > MAX_BYTES {
            return Ok(Fit::No); // says nothing about the account: nobody's password is so long
        }
        let typed = password.to_owned();
        let stored = stored.map(ToOwned::to_owned);
        self.run(move |inner, memory| {
            let text = stored.as_deref().unwrap_or(&inner.dummy);
            let one_form = nfkc(&typed);
            if fits(one_form.as_bytes(), text, memory)? && stored.is_some() {
                return Ok(Fit::Yes);
            }
            if one_form == typed {
                return Ok(Fit::No);
            }
            match fits(typed.as_bytes(), text, memory)? && stored.is_some() {
                true => Ok(Fit::AsTyped),
                false => Ok(Fit::No),
            }
        })
        .await
    }

    /// Takes every place in the queue: whoever comes meanwhile is refused.
    #[cfg(test)]
    pub(crate) fn fill(&self) -> tokio::sync::OwnedSemaphorePermit {
        let places = u32::try_from(self.0.waiting.available_permits());
        let places = places.expect("a few for each core");
        let waiting = Arc::clone(&self.0.waiting);
        let taken = waiting.try_acquire_many_owned(places);
        taken.expect("nobody else is there")
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &mut Vec<Block>) -> Result<T, Unavailable> + Send + 'static,
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
            let mut memory = inner.idle().pop().unwrap_or_default();
            let done = work(&inner, &mut memory);
            inner.idle().push(memory);
            done
        })
        .await
        .map_err(hashing)?
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        // A panic while it was held can only have lost a piece.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The PHC string under a new salt, with the parameters of `argon2`.
fn hash(
    argon2: &Argon2<'_>,
    password: &[u8],
    memory: &mut Vec<Block>,
) -> Result<String, Unavailable> {
    let salt = Salt::new(&rand::random::<[u8; 16]>()).map_err(hashing)?;
    let output = compute(argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN, memory)?;
    let whole = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(hashing)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(whole.to_string())
}

/// Whether `password` belongs to a PHC string, under the parameters that the string names.
fn fits(password: &[u8], stored: &str, memory: &mut Vec<Block>) -> Result<bool, Unavailable> {
    let parsed = PasswordHash::new(stored).map_err(hashing)?;
    let algorithm = Algorithm::new(parsed.algorithm.as_str()).map_err(hashing)?;
    let version = parsed
        .version
        .map_or(Ok(Version::V0x13), Version::try_from)
        .map_err(hashing)?;
    let params = Params::try_from(&parsed).map_err(hashing)?;
    let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else {
        return Err(hashing("a stored hash without salt or output"));
    };
    let argon2 = Argon2::new(algorithm, version, params);
    let computed = compute(&argon2, password, salt, expected.len(), memory)?;
    // Outputs are compared in constant time.
    Ok(computed == *expected)
}

fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    length: usize,
    memory: &mut Vec<Block>,
) -> Result<Output, Unavailable> {
    // A hash with other parameters leaves the piece at its own size, for the next one to change.
    memory.resize(argon2.params().block_count(), Block::new());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..length)
        .ok_or_else(|| hashing("a stored hash of impossible length"))?;
    argon2
        .hash_password_into_with_memory(password, salt, output, memory)
        .map_err(hashing)?;
    Output::new(output).map_err(hashing)
}

fn hashing(error: impl fmt::Display) -> Unavailable {
    Unavailable::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_only_its_password() {
        let hasher = Hasher::new(HashCost::default()).unwrap();
        let stored = hasher.hash("correct horse").await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        for (password, stored, fit) in [
            ("correct horse", Some(stored.as_str()), Fit::Yes),
            ("correct hors", Some(stored.as_str()), Fit::No),
            ("correct horse", None, Fit::No),
        ] {
            assert_eq!(hasher.verify(password, stored).await.unwrap(), fit);
        }
    }

    #[tokio::test]
    async fn memory_that_was_used_gives_the_same_hashes_and_is_never_more_than_the_cores_need() {
        let hasher = Hasher::new(HashCost::default()).unwrap();
        // With other parameters, and in fresh memory of the library's own.
        let small = Params::new(64, 3, 2, None).unwrap();
        let foreign = Argon2::new(Algorithm::Argon2id, Version::V0x13, small)
            .hash_password(b"correct horse")
            .unwrap()
            .to_string();
        let stored = hasher.hash("correct horse").await.unwrap();
        let checks = (0..16).map(|i| {
            let (hasher, stored, foreign) = (hasher.clone(), stored.clone(), foreign.clone());
            tokio::spawn(async move {
                let fits = hasher.verify("correct horse", Some(&foreign)).await;
                assert_eq!(fits.unwrap(), Fit::Yes);
                let password = if i % 2 == 0 { "correct horse" } else { "else" };
                let fits = hasher.verify(password, Some(&stored)).await.unwrap();
                (fits == Fit::Yes) == (i % 2 == 0)
            })
        });
        for check in checks.collect::<Vec<_>>() {
            assert!(check.await.unwrap());
        }
        let cores = thread::available_parallelism().unwrap().get();
        assert!(hasher.0.idle().len() <= cores.max(1));
    }

    #[tokio::test]
    async fn one_password_in_two_forms_is_one_and_a_hash_of_before_fits_as_typed() {
        let hasher = Hasher::new(HashCost::default()).unwrap();
        let (composed, parts) = ("p\u{e4}ssw\u{f6}rd", "pa\u{308}sswo\u{308}rd");
        let stored = hasher.hash(parts).await.unwrap();
        for typed in [composed, parts] {
            let fit = hasher.verify(typed, Some(&stored)).await.unwrap();
            assert_eq!(fit, Fit::Yes, "{typed:?}");
        }
        let before = hasher.0.argon2.hash_password(parts.as_bytes()).unwrap();
        let before = before.to_string();
        for (typed, fit) in [(composed, Fit::No), (parts, Fit::AsTyped)] {
            assert_eq!(hasher.verify(typed, Some(&before)).await.unwrap(), fit);
        }
    }

    #[tokio::test]
    async fn a_broken_hash_is_an_error_and_opens_nothing() {
        let hasher = Hasher::new(HashCost::default()).unwrap();
        assert!(hasher.verify("x", Some("$argon2id$broken")).await.is_err());
    }
}
