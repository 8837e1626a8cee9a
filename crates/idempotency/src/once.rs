//! The answer to an effect in Postgres, stored in the transaction that makes the effect.

use std::fmt;

use sqlx::PgConnection;

use crate::{Key, StoredAnswer, store};

/// A key, and what to answer for an effect of the type `T`. Either both the effect and its answer are there or neither
/// is: a repeated request whose first try died after the commit is answered.
pub struct Once<'a, T> {
    key: Key,
    answer: &'a (dyn Fn(&T) -> StoredAnswer + Send + Sync),
}

impl<'a, T> Once<'a, T> {
    /// The answer to whatever happens under this key.
    pub fn new(key: Key, answer: &'a (dyn Fn(&T) -> StoredAnswer + Send + Sync)) -> Self {
        Self { key, answer }
    }

    /// Stores the answer. `tx` is the transaction of the effect.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn store(&self, tx: &mut PgConnection, effect: &T) -> Result<(), sqlx::Error> {
        let answer = (self.answer)(effect);
        store(tx, self.key, &answer).await
    }
}

impl<T> fmt::Debug for Once<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Once").field(&self.key).finish()
    }
}
