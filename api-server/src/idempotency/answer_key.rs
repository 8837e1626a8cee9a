//! Where the effect of a request is a row in Postgres, its answer is stored in the same transaction.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use datacrowd_idempotency::{Key, Once, StoredAnswer};
use serde::Serialize;
use serde_json::json;

/// The key under which the transaction of the effect stores the answer; none where the effect is in the cluster, or
/// the request carries no key.
#[derive(Debug, Clone, Copy)]
pub struct AnswerKey(pub(super) Option<Key>);

impl AnswerKey {
    /// What stores `answer` with the effect.
    pub fn once<T>(
        self,
        answer: &(dyn Fn(&T) -> StoredAnswer + Send + Sync),
    ) -> Option<Once<'_, T>> {
        self.0.map(|key| Once::new(key, answer))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnswerKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(None)))
    }
}

/// A JSON body as it is stored.
pub fn stored(status: StatusCode, body: &impl Serialize) -> StoredAnswer {
    StoredAnswer {
        status: status.as_u16(),
        headers: json!({header::CONTENT_TYPE.as_str(): "application/json"}),
        body: serde_json::to_vec(body).expect("what an operation answers is JSON"),
    }
}
