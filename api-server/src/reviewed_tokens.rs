//! Runner tokens that the cluster vouched for a moment ago: a runner's calls come many a second.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

/// How long a reviewed token is believed without asking the cluster again.
const REVIEW_TTL: Duration = Duration::from_secs(30);
/// Most tokens that are remembered.
const MAX_REVIEWED: usize = 10_000;

/// Tokens that the cluster vouched for a moment ago, by digest, with their namespaces.
#[derive(Debug, Default)]
pub struct ReviewedTokens(Mutex<HashMap<[u8; 32], (String, Instant)>>);

impl ReviewedTokens {
    /// The namespace of a token that was reviewed.
    pub fn get(&self, digest: &[u8; 32]) -> Option<String> {
        let known = self.0.lock().ok()?;
        known
            .get(digest)
            .filter(|(_, at)| at.elapsed() < REVIEW_TTL)
            .map(|(namespace, _)| namespace.clone())
    }

    /// Remembers a review.
    pub fn put(&self, digest: [u8; 32], namespace: String) {
        let Ok(mut known) = self.0.lock() else { return };
        if known.len() >= MAX_REVIEWED {
            known.retain(|_, (_, at)| at.elapsed() < REVIEW_TTL);
        }
        if known.len() < MAX_REVIEWED {
            known.insert(digest, (namespace, Instant::now()));
        }
    }
}
