//! Rights as they were at most so long ago: what every request asks costs no query.

use std::{collections::HashMap, sync::Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;

use crate::{
    access::Credential,
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// What a request presents: a session, or a personal token by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Session(SessionId),
    Token([u8; 32]),
}

/// Credentials remembered; far more than are active within half a minute on one replica.
const CAPACITY: usize = 100_000;

/// What a credential is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) status: UserStatus,
    /// False once it was ended or its password changed.
    pub(crate) alive: bool,
    /// When a personal token ends; a session's access tokens say it themselves.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) credential: Credential,
}

/// Rights by credential. An entry's age counts from before it was read.
#[derive(Debug)]
pub(crate) struct RightsCache {
    max_age: TimeDelta,
    entries: Mutex<HashMap<Key, (DateTime<Utc>, Rights)>>,
}

impl RightsCache {
    pub(crate) fn new(max_age: TimeDelta) -> Self {
        Self {
            max_age,
            entries: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, key: &Key, now: DateTime<Utc>) -> Option<Rights> {
        let entries = self.lock();
        let (asked_at, rights) = entries.get(key)?;
        self.is_fresh(*asked_at, now).then(|| rights.clone())
    }

    pub(crate) fn put(&self, key: Key, asked_at: DateTime<Utc>, rights: Rights) {
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.retain(|_, (at, _)| self.is_fresh(*at, asked_at));
            if entries.len() >= CAPACITY {
                entries.clear();
            }
        }
        entries.insert(key, (asked_at, rights));
    }

    /// Forgets a person's credentials, so that this replica acts on the change at once.
    pub(crate) fn forget(&self, user: UserId) {
        self.lock().retain(|_, (_, rights)| rights.user_id != user);
    }

    fn is_fresh(&self, asked_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now - asked_at < self.max_age && asked_at <= now
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (DateTime<Utc>, Rights)>> {
        // A panic while it was held can only have lost an entry.
        self.entries
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
