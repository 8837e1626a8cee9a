//! The service itself: what its operations, each in its own module, work with.

use sqlx::PgPool;

use crate::{cache::RightsCache, error::Unavailable, password::Hasher, settings::Settings};

/// Registers people, signs them in, knows their rights. One per process: its bound on password
/// hashing and its cache are shared by all callers.
pub struct Accounts {
    pub(crate) pool: PgPool,
    pub(crate) settings: Settings,
    pub(crate) hasher: Hasher,
    pub(crate) cache: RightsCache,
}

impl Accounts {
    /// The service over the database `auth`. Computes one password hash.
    ///
    /// # Errors
    /// [`Unavailable::Hashing`] when the system has no randomness, or no hash costs what the settings say.
    pub fn new(pool: PgPool, settings: Settings) -> Result<Self, Unavailable> {
        Ok(Self {
            pool,
            hasher: Hasher::new(settings.hash_cost)?,
            cache: RightsCache::new(settings.cache),
            settings,
        })
    }
}
