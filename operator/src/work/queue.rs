//! The cap of Jobs that run in one namespace: who may begin, the oldest first.

use datacrowd_crds::{
    Dataset, Export,
    condition::{ConditionType, Reason},
    names::QUEUE_LABEL,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Api, ResourceExt, api::ListParams};

use super::{Work, jobs};
use crate::{
    context::Context,
    error::Error,
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
        let older = queued::<Dataset>(ctx, namespace, &mine).await?
            + queued::<Export>(ctx, namespace, &mine).await?;
        Ok(running + older < most)
    }
}

/// Older resources come first; of two that are as old, an order that holds.
fn age<K: ResourceExt>(object: &K) -> (Option<Time>, Option<String>) {
    (object.creation_timestamp(), object.uid())
}

/// How many resources of a kind wait for a place for longer than this age.
async fn queued<K: Managed>(
    ctx: &Context,
    namespace: &str,
    mine: &(Option<Time>, Option<String>),
) -> Result<usize, Error> {
    let objects: Api<K> = Api::namespaced(ctx.client.clone(), namespace);
    let list = objects
        .list(&ListParams::default())
        .await
        .map_err(Error::kube("looking who else is queued"))?;
    let waits = |object: &&K| {
        let conditions = object.status().map_or(&[][..], StatusShape::conditions);
        let mut ready = conditions.iter().filter(|c| c.kind == ConditionType::Ready);
        ready.any(|c| c.reason == Reason::Queued.as_str())
            && object.meta().deletion_timestamp.is_none()
            && !object.labels().contains_key(QUEUE_LABEL)
            && age(*object) < *mine
    };
    Ok(list.iter().filter(waits).count())
}
