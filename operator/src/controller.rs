//! Watches, triggers and the error policy, once for the three kinds.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use datacrowd_crds::{
    Dataset, Export, Project,
    condition::{self, ConditionType},
    names::{BILLING_REVISION, DELETE_ROWS, OPERATOR_MANAGER, RETRY_AT, SKIP_CLEANUP},
};
use datacrowd_protocol::{internal::ExportState, names::TENANT_LABEL};
use futures::{Stream, StreamExt, stream};
use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        Controller, PredicateConfig, WatchStreamExt, controller,
        controller::Action,
        reflector::{self, ObjectRef, Store},
        watcher,
    },
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{
    backoff::pause,
    context::Context,
    error::Error,
    lifecycle::{self, Orphan},
    managed::Managed,
    report,
    work::jobs::MANAGED_BY,
};

/// An object, or what can be said of one that does not decode: one such must not stop the others.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// What starts and ends a controller's work besides its watches.
#[derive(Clone)]
pub(crate) struct Control {
    /// Ends it after the passes under way.
    pub shutdown: CancellationToken,
    /// Each message asks for a pass over everything.
    pub nudges: broadcast::Sender<()>,
}

/// The API of a kind in one namespace or in all of them.
pub(crate) fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// A controller over one kind, with the store it reads from. Status writes do not wake it.
pub(crate) fn over<K: Managed>(
    client: &Client,
    namespace: Option<&str>,
) -> (Controller<Guarded<K>>, Store<Guarded<K>>) {
    let (store, writer) = reflector::store();
    let roots = watcher(
        api::<Guarded<K>>(client, namespace),
        watcher::Config::default(),
    )
    .default_backoff()
    .reflect(writer)
    .applied_objects()
    .predicate_filter(intent::<Guarded<K>>, PredicateConfig::default());
    (Controller::for_stream(roots, store.clone()), store)
}

/// Runs a controller until it is told to stop and its passes under way have ended.
pub(crate) async fn run<K: Managed>(
    controller: Controller<Guarded<K>>,
    ctx: Arc<Context>,
    control: Control,
) {
    let config = controller::Config::default().concurrency(ctx.settings.concurrency);
    metrics::gauge!("datacrowd_operator_max_concurrent_reconciles", "controller" => K::KIND)
        .set(f64::from(ctx.settings.concurrency));
    let shutdown = control.shutdown.clone();
    controller
        .with_config(config)
        .reconcile_all_on(every(control.nudges.subscribe()))
        .graceful_shutdown_on(async move { shutdown.cancelled().await })
        .run(pass::<K>, error_policy::<K>, ctx)
        .for_each(|result| async move {
            match result {
                // Failed passes were logged by the error policy; a deleted object is no failure.
                Ok(_)
                | Err(
                    controller::Error::ReconcilerFailed(..) | controller::Error::ObjectNotFound(_),
                ) => {}
                Err(error) => {
                    tracing::warn!(
                        kind = K::KIND,
                        error = &error as &dyn std::error::Error,
                        "watching"
                    );
                }
            }
        })
        .await;
}

fn every(nudges: broadcast::Receiver<()>) -> impl Stream<Item = ()> + Send {
    stream::unfold(nudges, |mut nudges| async move {
        match nudges.recv().await {
            Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) => Some(((), nudges)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    })
}

async fn pass<K: Managed>(object: Arc<Guarded<K>>, ctx: Arc<Context>) -> Result<Action, Error> {
    let begun = Instant::now();
    let _permit = K::width(&ctx).acquire().await;
    let active = metrics::gauge!("datacrowd_operator_active_workers", "controller" => K::KIND);
    active.increment(1.0);
    let result = match &object.0 {
        Ok(object) => lifecycle::reconcile(&ctx, Arc::new(object.clone())).await,
        Err(invalid) => {
            let orphan = Orphan::new(&invalid.metadata, &invalid.error);
            lifecycle::undecodable::<K>(&ctx, orphan).await
        }
    };
    active.decrement(1.0);
    match &result {
        Ok(_) => {
            ctx.backoff.forget(&object.uid().unwrap_or_default());
            report::passed(K::KIND, begun.elapsed());
        }
        Err(error) => {
            let name = ObjectRef::from_obj(&*object).to_string();
            report::failed(K::KIND, &name, error, begun.elapsed());
        }
    }
    result
}

fn error_policy<K: Managed>(object: Arc<Guarded<K>>, error: &Error, ctx: Arc<Context>) -> Action {
    if error.is_conflict() {
        return Action::requeue(Duration::from_secs(1));
    }
    let uid = object.uid().unwrap_or_default();
    let failures = ctx.backoff.failed(&uid, object.meta().generation);
    Action::requeue(pause(failures, rand::random()))
}

/// What a person or the REST API can change of an object; everything else is our own echo.
fn intent<K: Resource>(object: &K) -> Option<u64> {
    let meta = object.meta();
    let annotations = [RETRY_AT, BILLING_REVISION, SKIP_CLEANUP, DELETE_ROWS]
        .map(|name| meta.annotations.as_ref().and_then(|a| a.get(name)));
    let deleted = meta.deletion_timestamp.is_some();
    Some(hash(&(
        meta.generation,
        deleted,
        &meta.finalizers,
        annotations,
    )))
}

/// What Datasets and Exports decide by of their Project; counters would wake all of them each time.
fn project_facts(project: &Guarded<Project>) -> Option<u64> {
    let Ok(object) = &project.0 else {
        return intent(project);
    };
    let status = object.status.as_ref();
    let ready = status
        .and_then(|s| condition::find(&s.conditions, ConditionType::Ready))
        .map(|c| (c.status, &c.reason));
    let billing = status.and_then(|s| s.billing.as_ref()).map(|b| b.status);
    let state = status.and_then(|s| s.state);
    Some(hash(&(intent(project), ready, billing, state)))
}

/// What a Project counts of its Datasets. The last event of one that goes passes too.
fn dataset_facts(dataset: &Guarded<Dataset>) -> Option<u64> {
    let state = dataset
        .0
        .as_ref()
        .ok()
        .and_then(|d| d.status.as_ref()?.state);
    let meta = dataset.meta();
    let going = meta.deletion_timestamp.as_ref();
    let going = going.and(meta.resource_version.as_ref());
    Some(hash(&(state, going)))
}

/// Adds the triggers of Projects: their Datasets, as they come, change state and go.
pub(crate) fn with_datasets(
    controller: Controller<Guarded<Project>>,
    client: &Client,
    namespace: Option<&str>,
) -> Controller<Guarded<Project>> {
    let datasets = watched(client, namespace, dataset_facts);
    controller.watches_stream(datasets, |dataset: Guarded<Dataset>| {
        let namespace = dataset.namespace();
        let named = dataset.0.ok().map(|d| d.spec.project_ref.name);
        named
            .zip(namespace)
            .map(|(name, namespace)| ObjectRef::new(&name).within(&namespace))
    })
}

/// Adds the trigger of Exports that wait: the Datasets of their Project, as they change state and go.
pub(crate) fn with_completions(
    controller: Controller<Guarded<Export>>,
    store: Store<Guarded<Export>>,
    client: &Client,
    namespace: Option<&str>,
) -> Controller<Guarded<Export>> {
    let datasets = watched(client, namespace, dataset_facts);
    controller.watches_stream(datasets, move |dataset: Guarded<Dataset>| {
        let namespace = dataset.namespace();
        let project = dataset.0.ok().map(|d| d.spec.project_ref.name);
        chosen(&store, namespace, move |export: &Export| {
            let state = export.status.as_ref().and_then(|s| s.state);
            matches!(state, None | Some(ExportState::Pending))
                && project.as_deref() == Some(&export.spec.project_ref.name)
        })
    })
}

/// Adds the trigger of everything in a namespace: its tenant's label, as it comes, changes and goes.
pub(crate) fn with_tenancy<K: Managed>(
    controller: Controller<Guarded<K>>,
    store: Store<Guarded<K>>,
    client: &Client,
    namespace: Option<&str>,
) -> Controller<Guarded<K>> {
    let config = match namespace {
        // A right to named namespaces is one to watch each by its name.
        Some(name) => watcher::Config::default().fields(&format!("metadata.name={name}")),
        None => watcher::Config::default(),
    };
    let namespaces = watcher(
        Api::<PartialObjectMeta<Namespace>>::all(client.clone()),
        config,
    )
    .default_backoff()
    .touched_objects()
    .predicate_filter(tenant_label, PredicateConfig::default());
    controller.watches_stream(namespaces, move |seen: PartialObjectMeta<Namespace>| {
        chosen(&store, seen.metadata.name, |_| true)
    })
}

/// What of a namespace decides about what is in it.
fn tenant_label(namespace: &PartialObjectMeta<Namespace>) -> Option<u64> {
    Some(hash(&namespace.labels().get(TENANT_LABEL)))
}

/// Every event of a kind after which `facts` differ.
fn watched<K>(
    client: &Client,
    namespace: Option<&str>,
    facts: fn(&Guarded<K>) -> Option<u64>,
) -> impl Stream<Item = watcher::Result<Guarded<K>>> + Send + use<K>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    watcher(
        api::<Guarded<K>>(client, namespace),
        watcher::Config::default(),
    )
    .default_backoff()
    .touched_objects()
    .predicate_filter(facts, PredicateConfig::default())
}

/// The objects of a namespace that decode and are asked for.
fn chosen<K: Managed>(
    store: &Store<Guarded<K>>,
    namespace: Option<String>,
    asked: impl Fn(&K) -> bool,
) -> Vec<ObjectRef<Guarded<K>>> {
    store
        .state()
        .into_iter()
        .filter(|object| object.namespace() == namespace)
        .filter(|object| object.0.as_ref().is_ok_and(&asked))
        .map(|object| ObjectRef::from_obj(&*object))
        .collect()
}

fn hash(facts: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.hash(&mut hasher);
    hasher.finish()
}

/// Adds the triggers of Datasets and Exports: their Jobs, and their Project.
pub(crate) fn with_runs<K: Managed>(
    controller: Controller<Guarded<K>>,
    store: Store<Guarded<K>>,
    client: &Client,
    namespace: Option<&str>,
    project_of: fn(&K) -> &str,
) -> Controller<Guarded<K>> {
    let jobs = watcher::Config::default().labels(&format!("{MANAGED_BY}={OPERATOR_MANAGER}"));
    let projects = watched(client, namespace, project_facts);
    controller
        .owns(api::<Job>(client, namespace), jobs)
        .watches_stream(projects, move |project: Guarded<Project>| {
            let name = project.name_any();
            chosen(&store, project.namespace(), move |object| {
                project_of(object) == name
            })
        })
}
