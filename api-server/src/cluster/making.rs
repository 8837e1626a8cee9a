//! A resource that a request makes stays only when the platform takes it: what is refused leaves nothing behind.

use kube::ResourceExt;

use super::{Bound, Cluster, Kind};
use crate::{
    error::{ApiError, ApiResult},
    upsert::uid_of,
};

/// A resource that a request has written.
#[derive(Debug)]
pub struct Made<K> {
    /// As the cluster has it now.
    pub resource: K,
    at: Bound,
    /// There was none of its name before. A repeated request finds the one of its first try, which may have been
    /// answered with it.
    is_new: bool,
}

impl Cluster {
    /// Writes a resource that a request asks for.
    ///
    /// # Errors
    /// The cluster refuses it, or does not answer.
    pub async fn make<K: Kind>(&self, at: &Bound, resource: &K) -> ApiResult<Made<K>> {
        let known = self.get::<K>(at, &resource.name_any()).await?;
        Ok(Made {
            resource: self.apply(at, resource, false).await?,
            at: at.clone(),
            is_new: known.is_none(),
        })
    }

    /// What came of indexing it. Where the platform refuses it, it is taken back; where the platform only failed, a
    /// repetition or the operator goes on with it.
    ///
    /// # Errors
    /// Those of indexing it.
    pub async fn keep<K: Kind, T>(&self, made: &Made<K>, indexed: ApiResult<T>) -> ApiResult<T> {
        if indexed.as_ref().is_err_and(ApiError::is_refusal) {
            self.take_back(made).await;
        }
        indexed
    }

    /// Deletes the very resource that a request has made; whether it goes. One that was there before stays, and so
    /// does one while the cluster does not answer, which is logged where it is found.
    pub async fn take_back<K: Kind>(&self, made: &Made<K>) -> bool {
        match uid_of(&made.resource) {
            Ok(uid) if made.is_new => {
                let name = made.resource.name_any();
                self.delete::<K>(&made.at, &name, uid).await.is_ok()
            }
            _ => false,
        }
    }
}
