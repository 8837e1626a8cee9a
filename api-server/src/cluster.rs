//! What should exist is written to the cluster: Projects, Datasets, Exports, Models, Predictions, Webhooks and tenants' namespaces.
//! Server-side apply under one field manager, never forced: another writer's field is a conflict.

mod conditions;
mod making;
mod namespaces;
mod refusal;
mod tokens;

use std::{collections::BTreeMap, fmt::Debug};

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, Webhook, condition::Condition, names,
};
use datacrowd_protocol::ids::ResourceUid;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
    core::NamespaceResourceScope,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::error::{ApiError, ApiResult, Code};

/// How often a change is tried over a resource that others change.
pub const CHANGE_ATTEMPTS: usize = 5;

/// The cluster, as the API server's ServiceAccount may use it.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
}

impl Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cluster")
    }
}

/// A namespace whose live label named this tenant a moment ago: nothing is written anywhere else, so that nothing
/// is written for a tenant whose namespace was given to another.
#[derive(Debug, Clone)]
pub struct Bound {
    namespace: String,
}

/// A resource of the platform.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Serialize
    + DeserializeOwned
    + Clone
    + Debug
{
    /// What the operator says of it.
    fn conditions(&self) -> &[Condition];
}

macro_rules! kind {
    ($($name:ident),+) => {$(
        impl Kind for $name {
            fn conditions(&self) -> &[Condition] {
                self.status.as_ref().map_or(&[], |status| &status.conditions)
            }
        }
    )+};
}
kind!(Project, Dataset, Export, Model, Prediction, Webhook);

/// What a request to delete came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It stays until its finalizers are gone.
    Going,
    /// It is not there any more, or was not.
    Gone,
}

/// Annotations by which the Job goes on with the trace of this request; none where nothing is exported.
#[must_use]
pub fn traced() -> Option<BTreeMap<String, String>> {
    let parent = datacrowd_telemetry::traceparent(&tracing::Span::current())?;
    Some([(names::TRACE.to_owned(), parent)].into())
}

fn failed(error: kube::Error) -> ApiError {
    match error {
        kube::Error::Api(status) if status.code == 404 => ApiError::not_found(),
        // The intent was for an incarnation that is gone; without its uid, apply would make a new one.
        kube::Error::Api(status) if is_replaced(&status) => replaced(),
        kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict" => {
            refusal::managed_elsewhere(&status)
        }
        kube::Error::Api(status) if status.code == 422 || status.code == 400 => {
            refusal::invalid(&status)
        }
        kube::Error::Api(status)
            if status.code == 403 && status.message.contains("being terminated") =>
        {
            ApiError::new(Code::NamespaceTerminating)
        }
        other => ApiError::unavailable("cluster", &other),
    }
}

/// Whether the server has another incarnation than the one that was named.
fn is_replaced(status: &kube::core::Status) -> bool {
    let told = [
        "uid mismatch",
        "Precondition failed: UID",
        "the UID in the precondition",
    ];
    status.code == 409 && told.iter().any(|text| status.message.contains(text))
}

/// The cluster has another resource under this name than the one that is known here.
fn replaced() -> ApiError {
    ApiError::new(Code::Replaced).retry_after(1)
}

fn named(uid: ResourceUid) -> Preconditions {
    Preconditions {
        uid: Some(uid.to_string()),
        resource_version: None,
    }
}

impl Cluster {
    /// Over a client that is authenticated already.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Whether the cluster answers.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn ping(&self) -> ApiResult<()> {
        self.client
            .apiserver_version()
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Writes the whole intent of a resource; with `dry_run` only asks whether it would be taken.
    ///
    /// # Errors
    /// The cluster refuses it, or does not answer.
    pub async fn apply<K: Kind>(&self, at: &Bound, resource: &K, dry_run: bool) -> ApiResult<K> {
        let api: Api<K> = Api::namespaced(self.client.clone(), &at.namespace);
        let params = PatchParams {
            dry_run,
            ..PatchParams::apply(names::API_MANAGER)
        };
        api.patch(&resource.name_any(), &params, &Patch::Apply(resource))
            .await
            .map_err(failed)
    }

    /// Writes the intent over the very resource it was made from; none when that has changed since.
    ///
    /// # Errors
    /// The cluster refuses it, or does not answer.
    pub async fn apply_over<K: Kind>(
        &self,
        at: &Bound,
        read: &K,
        mut intent: K,
    ) -> ApiResult<Option<K>> {
        intent.meta_mut().uid.clone_from(&read.meta().uid);
        intent
            .meta_mut()
            .resource_version
            .clone_from(&read.meta().resource_version);
        let api: Api<K> = Api::namespaced(self.client.clone(), &at.namespace);
        let params = PatchParams::apply(names::API_MANAGER);
        match api
            .patch(&intent.name_any(), &params, &Patch::Apply(&intent))
            .await
        {
            Ok(written) => Ok(Some(written)),
            Err(kube::Error::Api(status))
                if status.code == 409 && status.message.contains("has been modified") =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// A resource of this name, if there is one.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn get<K: Kind>(&self, at: &Bound, name: &str) -> ApiResult<Option<K>> {
        Api::<K>::namespaced(self.client.clone(), &at.namespace)
            .get_opt(name)
            .await
            .map_err(failed)
    }

    /// The very resource that is bound.
    ///
    /// # Errors
    /// `not_found`; `replaced` when another incarnation has its name.
    pub async fn get_bound<K: Kind>(
        &self,
        at: &Bound,
        name: &str,
        uid: Option<ResourceUid>,
    ) -> ApiResult<K> {
        let found = self.get::<K>(at, name).await?;
        let found = found.ok_or_else(ApiError::not_found)?;
        if uid.map(|uid| uid.to_string()) == found.uid() {
            Ok(found)
        } else {
            Err(replaced())
        }
    }

    /// Asks for the deletion of the very resource that is bound. One that is there until its finalizers are gone is
    /// the operator's to let go; of one that is not, nobody else will tell the platform.
    ///
    /// # Errors
    /// The resource is another one by now; or the cluster refuses, or does not answer.
    pub async fn delete<K: Kind>(
        &self,
        at: &Bound,
        name: &str,
        uid: ResourceUid,
    ) -> ApiResult<Deleted> {
        let params = DeleteParams {
            preconditions: Some(named(uid)),
            ..DeleteParams::default()
        };
        match Api::<K>::namespaced(self.client.clone(), &at.namespace)
            .delete(name, &params)
            .await
        {
            Ok(answer) => match answer.left() {
                Some(going) if !going.finalizers().is_empty() => Ok(Deleted::Going),
                _ => Ok(Deleted::Gone),
            },
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Deleted::Gone),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether a resource is there: asked of the API server itself, not of a cache. An answer that is about
    /// something else, such as a type that is not installed, is no answer.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn is_there<K: Kind>(&self, namespace: &str, name: &str) -> ApiResult<bool> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        match api.get_metadata(name).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status))
                if status.reason == "NotFound"
                    && status.details.as_ref().is_some_and(|d| d.name == name) =>
            {
                Ok(false)
            }
            Err(error) => Err(ApiError::unavailable("cluster", &error)),
        }
    }

    /// Sets one annotation of the very resource that is bound, leaving everything else as it is.
    ///
    /// # Errors
    /// The resource is another one by now; or the cluster refuses, or does not answer.
    pub async fn annotate<K: Kind>(
        &self,
        at: &Bound,
        name: &str,
        uid: Option<ResourceUid>,
        key: &str,
        value: &str,
    ) -> ApiResult<()> {
        let uid = uid.ok_or_else(ApiError::not_found)?;
        let mut annotations = traced().unwrap_or_default();
        annotations.insert(key.to_owned(), value.to_owned());
        let patch = json!({"metadata": {"uid": uid, "annotations": annotations}});
        let api: Api<K> = Api::namespaced(self.client.clone(), &at.namespace);
        api.patch(
            name,
            &PatchParams {
                field_manager: Some(names::API_MANAGER.into()),
                ..PatchParams::default()
            },
            &Patch::Merge(patch),
        )
        .await
        .map_err(failed)?;
        Ok(())
    }
}
