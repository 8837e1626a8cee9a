//! Answers to registrations, each stored in the transaction that registers.

use datacrowd_idempotency::IdempotencyStore;

use crate::accounts::Accounts;

impl Accounts {
    /// The keys of requests whose effect is in this context's database.
    #[must_use]
    pub fn idempotency(&self) -> IdempotencyStore {
        IdempotencyStore::new(self.pool.clone())
    }
}
