//! The cap of Jobs that run in one namespace: who may begin, the oldest first.

use datacrowd_crds::{
    condition::{self, ConditionType, Reason},
    names::QUEUE_LABEL,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{ResourceExt, runtime::reflector::Store};

use super::{Work, jobs};
use crate::{
    error::Error,
    guarded::Guarded,
    managed::{Managed, StatusShape},
};

impl<K: Managed> Work<'_, K> {
    /// Whether one more Job may run in the namespace, and no older resource waits for that place.
    pub(super) async fn has_place(&self, most: usize) -> Result<bool, Error> {
        let (ctx, namespace) = (self.ctx, &self.pass.who.namespace);
        let running = jobs::running(ctx, namespace).await?;
        if running >= most {
            return Ok(false);
        }
        let mine = age(self.pass.object.as_ref());
        // Who waits is read from the cache: a moment's error changes the order of two, never how many run.
        let cache = ctx.caches.of(namespace);
        let older = queued(&cache.datasets, namespace, &mine)
            + queued(&cache.exports, namespace, &mine)
            + queued(&cache.models, namespace, &mine)
            + queued(&cache.predictions, namespace, &mine);
        Ok(running + older < most)
    }
}

/// Older resources come first; of two that are as old, an order that holds.
fn age<K: ResourceExt>(object: &K) -> (Option<Time>, Option<String>) {
    (object.creation_timestamp(), object.uid())
}

/// How many resources of a kind wait for a place for longer than this age.
fn queued<K: Managed>(
    cache: &Store<Guarded<K>>,
    namespace: &str,
    mine: &(Option<Time>, Option<String>),
) -> usize {
    let waits = |object: &K| {
        let conditions = object.status().map_or(&[][..], StatusShape::conditions);
        let ready = condition::find(conditions, ConditionType::Ready);
        ready.is_some_and(|c| c.reason == Reason::Queued.as_str())
            && object.meta().namespace.as_deref() == Some(namespace)
            && object.meta().deletion_timestamp.is_none()
            && !object.labels().contains_key(QUEUE_LABEL)
            && age(object) < *mine
    };
    cache
        .state_filter(|object| object.0.as_ref().is_ok_and(waits))
        .len()
}
