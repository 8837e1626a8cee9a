//! What the watches brought: read on every pass, and perhaps a moment old. What must not be decided on the past is read
//! live, where it is decided: the tenant before the first upsert and before a Job, everything before rows are deleted.

use std::{collections::HashMap, sync::Arc};

use datacrowd_crds::{Dataset, Export, Model, Prediction, Project, Webhook};
use datacrowd_protocol::names::TENANT_LABEL;
use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    ResourceExt,
    core::PartialObjectMeta,
    runtime::reflector::{ObjectRef, Store},
};

use crate::{
    guarded::Guarded,
    managed::{Identity, Managed},
};

/// The caches of one namespace, or of all of them.
#[derive(Clone)]
pub(crate) struct Cache {
    pub namespaces: Store<PartialObjectMeta<Namespace>>,
    pub projects: Store<Guarded<Project>>,
    pub datasets: Store<Guarded<Dataset>>,
    pub exports: Store<Guarded<Export>>,
    pub models: Store<Guarded<Model>>,
    pub predictions: Store<Guarded<Prediction>>,
    pub webhooks: Store<Guarded<Webhook>>,
    pub jobs: Store<Job>,
}

impl Cache {
    /// Resolves when every list was read once. False when the watches ended before.
    pub(crate) async fn filled(&self) -> bool {
        let filled = tokio::try_join!(
            self.namespaces.wait_until_ready(),
            self.projects.wait_until_ready(),
            self.datasets.wait_until_ready(),
            self.exports.wait_until_ready(),
            self.models.wait_until_ready(),
            self.predictions.wait_until_ready(),
            self.webhooks.wait_until_ready(),
            self.jobs.wait_until_ready(),
        );
        filled.is_ok()
    }
}

/// All caches, by the namespace that they are of; one of all namespaces has no name.
pub(crate) struct Caches(HashMap<Option<String>, Cache>);

impl Caches {
    pub(crate) fn new(caches: impl IntoIterator<Item = (Option<String>, Cache)>) -> Self {
        Self(caches.into_iter().collect())
    }

    pub(crate) fn of(&self, namespace: &str) -> &Cache {
        let all = || self.0.get(&None);
        all()
            .or_else(|| self.0.get(&Some(namespace.to_owned())))
            .expect("a pass is over an object of a watched namespace")
    }

    /// The tenant that a namespace belonged to when it was last seen.
    pub(crate) fn tenant(&self, namespace: &str) -> Option<String> {
        let seen = self
            .of(namespace)
            .namespaces
            .get(&ObjectRef::new(namespace))?;
        let tenant = seen.labels().get(TENANT_LABEL).cloned();
        tenant.filter(|tenant| !tenant.is_empty())
    }

    pub(crate) fn project(&self, namespace: &str, name: &str) -> Option<Arc<Guarded<Project>>> {
        let project = ObjectRef::new(name).within(namespace);
        self.of(namespace).projects.get(&project)
    }

    pub(crate) fn model(&self, namespace: &str, name: &str) -> Option<Arc<Guarded<Model>>> {
        let model = ObjectRef::new(name).within(namespace);
        self.of(namespace).models.get(&model)
    }

    /// The Predictions of a Model that decode, as they were last seen.
    pub(crate) fn predictions_of(&self, namespace: &str, model: &str) -> Vec<Prediction> {
        let named = |p: &Prediction| p.spec.model_ref.name == model;
        decoded(&self.of(namespace).predictions, namespace, named)
    }

    /// The Datasets of a Project that decode, as they were last seen.
    pub(crate) fn datasets_of(&self, namespace: &str, project: &str) -> Vec<Dataset> {
        let named = |d: &Dataset| d.spec.project_ref.name == project;
        decoded(&self.of(namespace).datasets, namespace, named)
    }

    /// Whether a Dataset of this name was there when the namespace was last seen.
    pub(crate) fn has_dataset(&self, namespace: &str, name: &str) -> bool {
        let dataset = ObjectRef::new(name).within(namespace);
        self.of(namespace).datasets.get(&dataset).is_some()
    }

    /// Whether a Job of this name was there when the namespace was last seen.
    pub(crate) fn has_job(&self, namespace: &str, name: &str) -> bool {
        let job = ObjectRef::new(name).within(namespace);
        self.of(namespace).jobs.get(&job).is_some()
    }

    /// Whether any Job of a resource was there when the namespace was last seen.
    pub(crate) fn has_job_of(&self, who: &Identity) -> bool {
        let uid = who.uid.to_string();
        let jobs = &self.of(&who.namespace).jobs;
        let owned = |job: &Job| job.owner_references().iter().any(|owner| owner.uid == uid);
        jobs.find(owned).is_some()
    }
}

/// The objects of a namespace that decode and are asked for.
fn decoded<K>(store: &Store<Guarded<K>>, namespace: &str, asked: impl Fn(&K) -> bool) -> Vec<K>
where
    K: Managed,
{
    let found = store.state_filter(|object| {
        object.namespace().as_deref() == Some(namespace) && object.0.as_ref().is_ok_and(&asked)
    });
    let found = found.iter().filter_map(|object| object.0.as_ref().ok());
    found.cloned().collect()
}
