//! What the kinds have in common: identity, finalizer, and the one function that writes status.

use std::{fmt::Debug, sync::Arc};

use datacrowd_crds::{
    condition::{self, Condition, ConditionType, Verdict},
    names::OPERATOR_MANAGER,
};
use k8s_openapi::{
    NamespaceResourceScope, api::core::v1::ObjectReference,
    apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp,
};
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
    core::object::{HasSpec, HasStatus},
    runtime::controller::Action,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    context::Context,
    error::{Error, has_code},
    platform, report,
};

/// A kind that this operator reconciles.
pub(crate) trait Managed:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasSpec<Spec: Clone + Serialize + Send + Sync>
    + HasStatus<Status: StatusShape>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The kind in metrics and logs.
    const KIND: &'static str;
    /// The kind in the platform's paths.
    const RESOURCE: platform::Resource;
    /// Conditions that its status carries.
    const CONDITIONS: &'static [ConditionType];
    /// The platform's answer to an upsert.
    type View: DeserializeOwned + Send + Sync;

    /// The platform's id.
    fn id(view: &Self::View) -> Uuid;

    /// How many may be reconciled at once.
    fn width(ctx: &Context) -> &Semaphore;

    /// One pass over an object that is to be.
    fn apply(ctx: &Context, pass: Pass<Self>)
    -> impl Future<Output = Result<Action, Error>> + Send;

    /// One pass over an object that is to go.
    fn cleanup(
        ctx: &Context,
        pass: Pass<Self>,
    ) -> impl Future<Output = Result<Cleanup, Error>> + Send;
}

/// How far letting an object go has come.
pub(crate) enum Cleanup {
    /// Nothing is left to do.
    Done,
    /// Something is still there; look again.
    Waiting(Action),
}

/// What every status has.
pub(crate) trait StatusShape: Clone + Default + PartialEq + Serialize + Send + Sync {
    fn id(&self) -> Option<&str>;
    fn conditions(&self) -> &[Condition];
    fn set_verdict(&mut self, generation: i64, conditions: Vec<Condition>);
}

macro_rules! status_shape {
    ($($status:ty),+) => {$(
        impl StatusShape for $status {
            fn id(&self) -> Option<&str> {
                self.id.as_deref()
            }
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }
            fn set_verdict(&mut self, generation: i64, conditions: Vec<Condition>) {
                self.observed_generation = Some(generation);
                self.conditions = conditions;
            }
        }
    )+};
}

status_shape!(
    datacrowd_crds::ProjectStatus,
    datacrowd_crds::DatasetStatus,
    datacrowd_crds::ExportStatus,
    datacrowd_crds::ModelStatus,
    datacrowd_crds::PredictionStatus,
    datacrowd_crds::WebhookStatus
);

/// What names one incarnation of an object.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub namespace: String,
    pub name: String,
    pub uid: Uuid,
    pub generation: i64,
}

impl Identity {
    pub(crate) fn of<K: Resource>(object: &K) -> Result<Self, Error> {
        let meta = object.meta();
        let uid = meta.uid.as_deref().and_then(|uid| uid.parse().ok());
        Ok(Self {
            namespace: meta
                .namespace
                .clone()
                .ok_or(Error::Malformed("namespace"))?,
            name: meta.name.clone().ok_or(Error::Malformed("name"))?,
            uid: uid.ok_or(Error::Malformed("uid"))?,
            generation: meta.generation.unwrap_or_default(),
        })
    }
}

/// One pass over one object: the object as it was decided on, and the id that follows the pass.
#[derive(Debug, Clone)]
pub(crate) struct Pass<K> {
    pub object: Arc<K>,
    pub who: Identity,
    pub correlation: String,
}

impl<K: Managed> Pass<K> {
    pub(crate) fn of(object: Arc<K>) -> Result<Self, Error> {
        Ok(Self {
            who: Identity::of(&*object)?,
            object,
            correlation: Uuid::now_v7().to_string(),
        })
    }

    /// The status as last written.
    pub(crate) fn status(&self) -> K::Status {
        self.object.status().cloned().unwrap_or_default()
    }

    /// The platform's id, when an earlier pass learned it.
    pub(crate) fn platform_id(&self) -> Option<Uuid> {
        self.object.status()?.id()?.parse().ok()
    }

    pub(crate) fn api(&self, ctx: &Context) -> Api<K> {
        Api::namespaced(ctx.client.clone(), &self.who.namespace)
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.object.annotations().get(name).map(String::as_str)
    }

    /// Writes the whole status, when it differs from what is there: by server-side apply, with the
    /// `resourceVersion` the decision was based on, so that a decision on stale facts is refused.
    pub(crate) async fn write(
        &mut self,
        ctx: &Context,
        mut status: K::Status,
        verdict: &Verdict,
        related: Option<ObjectReference>,
    ) -> Result<(), Error> {
        let old = self.status();
        let fresh = verdict.conditions(K::CONDITIONS, self.who.generation, &ctx.now());
        let merged = condition::merge(old.conditions(), fresh);
        status.set_verdict(self.who.generation, merged);
        if status == old {
            return Ok(());
        }
        let patch = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {
                "name": self.who.name,
                "resourceVersion": self.object.meta().resource_version,
            },
            "status": status,
        });
        let params = PatchParams::apply(OPERATOR_MANAGER).force();
        let written = self
            .api(ctx)
            .patch_status(&self.who.name, &params, &Patch::Apply(&patch))
            .await
            .map_err(|e| match has_code(&e, 409) || has_code(&e, 404) {
                true => Error::Conflict,
                false => Error::kube("writing the status")(e),
            })?;
        self.object = Arc::new(written);
        let before = condition::find(old.conditions(), ConditionType::Ready);
        report::transition(ctx, &*self.object, before, verdict, related).await;
        Ok(())
    }

    /// The last word of a pass that learned nothing new but a verdict: numbers stay as they were.
    pub(crate) async fn settle(
        mut self,
        ctx: &Context,
        verdict: &Verdict,
        action: Action,
    ) -> Result<Action, Error> {
        let status = self.status();
        self.write(ctx, status, verdict, None).await?;
        Ok(action)
    }
}

/// A time of the platform as Kubernetes stores it, in whole seconds.
pub(crate) fn time(at: chrono::DateTime<chrono::Utc>) -> Option<Time> {
    Timestamp::from_second(at.timestamp()).ok().map(Time)
}
