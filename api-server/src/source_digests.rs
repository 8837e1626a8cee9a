//! What sources hash to that were read again: a large one is read once, however many requests ask.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Sources that are read at once.
const READERS: usize = 2;
/// Results that are remembered.
const MOST: usize = 1000;

/// The version of an object: key and ETag.
pub type Version = (String, String);

/// What sources hash to, by version; none while one is being read.
#[derive(Debug, Clone)]
pub struct Digests {
    known: Arc<Mutex<HashMap<Version, Option<String>>>>,
    readers: Arc<Semaphore>,
}

impl Default for Digests {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }
}

impl Digests {
    /// What is known of a version; the caller who is told `Begin` reads it.
    pub fn begin(&self, version: &Version) -> Begun {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, digest| digest.is_none());
        }
        match known.get(version) {
            Some(Some(sha256)) => Begun::Known(sha256.clone()),
            Some(None) => Begun::Elsewhere,
            None => {
                known.insert(version.clone(), None);
                Begun::Begin
            }
        }
    }

    /// Waits for its turn among those who read; none when nobody reads any more.
    pub async fn reader(&self) -> Option<SemaphorePermit<'_>> {
        self.readers.acquire().await.ok()
    }

    /// A result; none lets the next one try again.
    pub fn end(&self, version: Version, digest: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match digest {
            Some(digest) => known.insert(version, Some(digest)),
            None => known.remove(&version),
        };
    }
}

/// What is known of a version.
pub enum Begun {
    /// This is its hash.
    Known(String),
    /// Another request reads it now.
    Elsewhere,
    /// Nobody has read it yet.
    Begin,
}
