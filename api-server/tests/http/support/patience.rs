//! Calls of the context made as its callers make them: what only took too long is asked again.

use std::{future::Future, time::Duration};

use datacrowd_api_server::database::is_transient;
use datacrowd_labelling::{Error, Result};

/// The call's result, once the database gives one: on a busy machine a statement may take longer than it may.
pub async fn patiently<T, F: Future<Output = Result<T>>>(mut call: impl FnMut() -> F) -> Result<T> {
    for _ in 0..5 {
        match call().await {
            Err(Error::Database(e)) if is_transient(&e) => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            result => return result,
        }
    }
    call().await
}
