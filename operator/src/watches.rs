//! One watch of each kind. It feeds a cache, and tells those who listen what changed once the cache has it: a pass that
//! is woken by a change reads what woke it.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, Webhook, names::OPERATOR_MANAGER,
};
use futures::{
    Stream, StreamExt as _,
    future::join_all,
    stream::{self, BoxStream},
};
use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Api, Client, Resource,
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt,
        reflector::{self, ObjectRef, Store, store::Writer},
        watcher::{Config, Event, Result, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{caches::Cache, guarded::Guarded, work::jobs::MANAGED_BY};

/// The facts of an object that says nothing yet that its maker does not know.
pub(crate) const NOTHING_YET: u64 = 0;
/// Changes that a listener may be behind; more of them hold the watch up.
const BEHIND: usize = 256;

/// The watches of one namespace, or of all of them.
pub(crate) struct Watches {
    pub namespaces: Watch<PartialObjectMeta<Namespace>>,
    pub projects: Watch<Guarded<Project>>,
    pub datasets: Watch<Guarded<Dataset>>,
    pub exports: Watch<Guarded<Export>>,
    pub models: Watch<Guarded<Model>>,
    pub predictions: Watch<Guarded<Prediction>>,
    pub webhooks: Watch<Guarded<Webhook>>,
    pub jobs: Watch<Job>,
}

impl Watches {
    pub(crate) fn new(client: &Client, namespace: Option<&str>) -> Self {
        let named = match namespace {
            // A right to named namespaces is one to watch each by its name.
            Some(name) => Config::default().fields(&format!("metadata.name={name}")),
            None => Config::default(),
        };
        let ours = Config::default().labels(&format!("{MANAGED_BY}={OPERATOR_MANAGER}"));
        Self {
            namespaces: Watch::new(Api::all(client.clone()), named),
            projects: Watch::new(api(client, namespace), Config::default()),
            datasets: Watch::new(api(client, namespace), Config::default()),
            exports: Watch::new(api(client, namespace), Config::default()),
            models: Watch::new(api(client, namespace), Config::default()),
            predictions: Watch::new(api(client, namespace), Config::default()),
            webhooks: Watch::new(api(client, namespace), Config::default()),
            // What a Job asks for is known by whoever made it, and is most of it.
            jobs: Watch::pruned(api(client, namespace), ours, |job| job.spec = None),
        }
    }

    /// What passes read.
    pub(crate) fn cache(&self) -> Cache {
        Cache {
            namespaces: self.namespaces.cache(),
            projects: self.projects.cache(),
            datasets: self.datasets.cache(),
            exports: self.exports.cache(),
            models: self.models.cache(),
            predictions: self.predictions.cache(),
            webhooks: self.webhooks.cache(),
            jobs: self.jobs.cache(),
        }
    }

    /// Watches until it is dropped.
    pub(crate) async fn run(self) {
        tokio::join!(
            self.namespaces.run(),
            self.projects.run(),
            self.datasets.run(),
            self.exports.run(),
            self.models.run(),
            self.predictions.run(),
            self.webhooks.run(),
            self.jobs.run(),
        );
    }
}

/// The API of a kind in one namespace or in all of them.
fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// The watch of one kind.
pub(crate) struct Watch<K>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    writer: Writer<K>,
    events: BoxStream<'static, Result<Event<K>>>,
    listeners: Vec<Listener<K>>,
}

impl<K> Watch<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    fn new(api: Api<K>, config: Config) -> Self {
        Self::pruned(api, config, |_| {})
    }

    /// A watch that forgets what nobody here asks.
    fn pruned(api: Api<K>, config: Config, prune: fn(&mut K)) -> Self {
        let events = watcher(api, config)
            .default_backoff()
            .modify(move |object| {
                // Who manages which field takes more memory than the object.
                object.meta_mut().managed_fields = None;
                prune(object);
            });
        Self {
            writer: reflector::store().1,
            events: events.boxed(),
            listeners: Vec::new(),
        }
    }

    pub(crate) fn cache(&self) -> Store<K> {
        self.writer.as_reader()
    }

    /// The objects of which `facts` are not what they were, and those that are deleted. A new one is not told while its
    /// facts are [`NOTHING_YET`].
    pub(crate) fn changes(
        &mut self,
        facts: fn(&K) -> u64,
    ) -> impl Stream<Item = Arc<K>> + Send + use<K> {
        let (changed, mut changes) = mpsc::channel(BEHIND);
        self.listeners.push(Listener {
            facts,
            told: HashMap::new(),
            changed,
        });
        stream::poll_fn(move |cx| changes.poll_recv(cx))
    }

    async fn run(mut self) {
        while let Some(event) = self.events.next().await {
            match event {
                Ok(event) => self.handle(event).await,
                Err(error) => {
                    let kind = K::kind(&());
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(%kind, error, "watching");
                }
            }
        }
    }

    async fn handle(&mut self, event: Event<K>) {
        self.writer.apply_watcher_event(&event);
        let (objects, deleted) = match event {
            Event::Apply(object) => {
                let cached = self.cache().get(&ObjectRef::from_obj(&object));
                (vec![cached.unwrap_or_else(|| Arc::new(object))], false)
            }
            Event::Delete(object) => (vec![Arc::new(object)], true),
            // The cache takes a list as a whole, at its end.
            Event::InitDone => (self.cache().state(), false),
            Event::Init | Event::InitApply(_) => return,
        };
        for object in &objects {
            let told = self.listeners.iter_mut();
            join_all(told.map(|listener| listener.tell(object, deleted))).await;
        }
    }
}

/// Somebody who is told of changes.
struct Listener<K> {
    /// What of an object matters to them.
    facts: fn(&K) -> u64,
    /// What they know, by uid.
    told: HashMap<Uuid, u64>,
    changed: mpsc::Sender<Arc<K>>,
}

impl<K: Resource> Listener<K> {
    async fn tell(&mut self, object: &Arc<K>, deleted: bool) {
        let facts = (self.facts)(object);
        let uid = object.meta().uid.as_deref();
        let known = match uid.and_then(|uid| uid.parse().ok()) {
            Some(uid) if deleted => self.told.remove(&uid),
            Some(uid) => self.told.insert(uid, facts),
            None => None,
        };
        if deleted || known.unwrap_or(NOTHING_YET) != facts {
            // A listener that is gone needs nothing.
            let _ = self.changed.send(object.clone()).await;
        }
    }
}
