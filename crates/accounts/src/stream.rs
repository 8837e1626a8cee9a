//! What clients are told of this context.

use datacrowd_outbox::Stream;

use crate::accounts::Accounts;

impl Accounts {
    /// What clients are still to be told of.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::new("auth", self.pool.clone())
    }
}
