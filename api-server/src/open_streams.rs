//! How many streams of events each client has open on this replica, so that one client takes no other's connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use datacrowd_protocol::ids::TenantId;

use crate::error::{ApiError, ApiResult, Code};

/// Of one client.
const MOST: usize = 100;
/// Seconds after which a refused reader may come again.
const AGAIN: i64 = 30;

/// Counts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OpenStreams(Arc<Mutex<HashMap<TenantId, usize>>>);

/// A stream that is open; it counts until it is dropped.
#[derive(Debug)]
pub struct OpenStream {
    streams: OpenStreams,
    tenant: TenantId,
}

impl OpenStreams {
    /// One more stream of a client.
    pub fn open(&self, tenant: TenantId) -> ApiResult<OpenStream> {
        let mut counts = self.counts();
        let count = counts.entry(tenant).or_default();
        if *count >= MOST {
            return Err(ApiError::filled(Code::TooManyStreams, &[&MOST]).retry_after(AGAIN));
        }
        *count += 1;
        Ok(OpenStream {
            streams: self.clone(),
            tenant,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        if let Some(count) = counts.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.tenant);
            }
        }
    }
}
