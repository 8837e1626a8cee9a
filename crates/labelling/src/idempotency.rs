//! Answers to requests that create resources. Their effect is in Kubernetes, where its name, derived from the key, is
//! what keeps it from happening twice.

use datacrowd_idempotency::IdempotencyStore;

use crate::Labelling;

impl Labelling {
    /// The keys of requests whose effect this context knows.
    #[must_use]
    pub fn idempotency(&self) -> IdempotencyStore {
        IdempotencyStore::new(self.calls.clone())
    }
}
