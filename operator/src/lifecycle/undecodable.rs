//! Objects of which only the metadata decodes.

use std::time::Duration;

use datacrowd_crds::names::FINALIZER;
use datacrowd_protocol::{internal::DeleteQuery, source::DeletionPolicy};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, ResourceExt,
    api::{ApiResource, DynamicObject},
    runtime::controller::Action,
};
use uuid::Uuid;

use crate::{context::Context, error::Error, managed::Managed};

/// An object of which only the metadata decodes.
pub(crate) struct Orphan<'a> {
    meta: &'a ObjectMeta,
    error: &'a str,
}

impl<'a> Orphan<'a> {
    pub(crate) fn new(meta: &'a ObjectMeta, error: &'a str) -> Self {
        Self { meta, error }
    }
}

/// What does not decode is named in the log. When it is being deleted it is let go, by its metadata and
/// the id in its status; its rows stay, because the policy it asked for cannot be read.
pub(crate) async fn undecodable<K: Managed>(
    ctx: &Context,
    orphan: Orphan<'_>,
) -> Result<Action, Error> {
    let name = orphan.meta.name.as_deref();
    let name = name.ok_or(Error::Malformed("name"))?;
    let namespace = orphan.meta.namespace.as_deref();
    let namespace = namespace.ok_or(Error::Malformed("namespace"))?;
    if orphan.meta.deletion_timestamp.is_none() {
        let error = orphan.error;
        tracing::warn!(
            kind = K::KIND,
            namespace,
            name,
            error,
            "an object does not decode"
        );
        return Ok(ctx.settled(false));
    }
    let kind = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.client.clone(), namespace, &kind);
    let found = api.get_opt(name).await;
    let found = found.map_err(Error::kube("reading an object that does not decode"))?;
    let Some(object) = found else {
        return Ok(Action::await_change());
    };
    let uid = object.uid().and_then(|uid| uid.parse().ok());
    let id = object.data.pointer("/status/id");
    let id = id.and_then(|id| id.as_str()?.parse().ok());
    if let (Some(uid), Some(id)) = (uid, id) {
        let policy = DeletionPolicy::Retain;
        let correlation = Uuid::now_v7().to_string();
        let query = DeleteQuery { uid, policy };
        let told_so = ctx.platform.delete(K::RESOURCE, id, &query, &correlation);
        match told_so.await {
            Ok(true) => {}
            Ok(false) => return Ok(Action::requeue(Duration::from_millis(200))),
            Err(error) => {
                error.refusal()?;
            }
        }
    }
    release(&api, name, &object).await
}

/// Removes the finalizer of an object without a static type.
async fn release(
    api: &Api<DynamicObject>,
    name: &str,
    object: &DynamicObject,
) -> Result<Action, Error> {
    let rest: Vec<_> = object
        .finalizers()
        .iter()
        .filter(|f| *f != FINALIZER)
        .collect();
    let patch = serde_json::json!({"metadata": {
        "resourceVersion": object.resource_version(),
        "finalizers": rest,
    }});
    let params = kube::api::PatchParams::default();
    let patch = kube::api::Patch::Merge(&patch);
    let patched = api.patch(name, &params, &patch).await;
    patched.map_err(Error::kube("removing the finalizer"))?;
    Ok(Action::await_change())
}
