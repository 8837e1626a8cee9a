//! What wakes a controller: changes of what it reconciles, and of what that depends on. Status writes wake nobody who
//! does not decide by them.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, Webhook,
    condition::{self, ConditionStatus, ConditionType},
    names::{BILLING_REVISION, DELETE_ROWS, RETRY_AT, SKIP_CLEANUP},
};
use datacrowd_protocol::{internal::ExportState, names::TENANT_LABEL};
use futures::{Stream, StreamExt, future::ready, stream};
use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Resource, ResourceExt,
    core::PartialObjectMeta,
    runtime::{
        Controller,
        reflector::{ObjectRef, Store},
    },
};
use tokio::time::{Instant, sleep_until};

use crate::{
    guarded::Guarded,
    managed::Managed,
    watches::{NOTHING_YET, Watch, Watches},
};

/// For how long what changes often is gathered before it wakes a pass.
const GATHERED: Duration = Duration::from_millis(500);

/// Projects, woken by their Datasets as they come, change state and go.
pub(crate) fn projects(watches: &mut Watches) -> Controller<Guarded<Project>> {
    let datasets = watches.datasets.changes(dataset_facts);
    let counted = datasets.filter_map(|dataset| ready(project_of(&dataset)));
    with_tenancy(over(&mut watches.projects), watches, |w| w.projects.cache())
        .reconcile_on(gathered(counted))
}

/// Datasets, woken by their Jobs and by their Project.
pub(crate) fn datasets(watches: &mut Watches) -> Controller<Guarded<Dataset>> {
    let cache = watches.datasets.cache();
    let datasets = over(&mut watches.datasets);
    let datasets = with_tenancy(datasets, watches, |w| w.datasets.cache());
    with_work(datasets, cache, watches, |dataset| {
        &dataset.spec.project_ref.name
    })
}

/// Exports, woken by their Jobs, by their Project and, while they wait, by its Datasets.
pub(crate) fn exports(watches: &mut Watches) -> Controller<Guarded<Export>> {
    let cache = watches.exports.cache();
    let exports = over(&mut watches.exports);
    let exports = with_tenancy(exports, watches, |w| w.exports.cache());
    let exports = with_work(exports, cache.clone(), watches, |export| {
        &export.spec.project_ref.name
    });
    let datasets = watches.datasets.changes(dataset_facts);
    exports.watches_shared_stream(datasets, move |dataset: Arc<Guarded<Dataset>>| {
        let project = project_of(&dataset).map(|project| project.name);
        chosen(&cache, dataset.namespace(), move |export: &Export| {
            let state = export.status.as_ref().and_then(|s| s.state);
            matches!(state, None | Some(ExportState::Pending))
                && project.as_deref() == Some(&export.spec.project_ref.name)
        })
    })
}

/// Models, woken by their Jobs, by their Project, and by its Datasets and their own Predictions as they come, change state and go.
pub(crate) fn models(watches: &mut Watches) -> Controller<Guarded<Model>> {
    let cache = watches.models.cache();
    let models = over(&mut watches.models);
    let models = with_tenancy(models, watches, |w| w.models.cache());
    let models = with_work(models, cache.clone(), watches, |model| {
        &model.spec.project_ref.name
    });
    let datasets = watches.datasets.changes(dataset_facts);
    let models = models.watches_shared_stream(datasets, move |dataset: Arc<Guarded<Dataset>>| {
        let project = project_of(&dataset).map(|project| project.name);
        chosen(&cache, dataset.namespace(), move |model: &Model| {
            project.as_deref() == Some(&model.spec.project_ref.name)
        })
    });
    let predictions = watches.predictions.changes(prediction_facts);
    let counted = predictions.filter_map(|prediction| ready(model_of(&prediction)));
    models.reconcile_on(gathered(counted))
}

/// Predictions, woken by their Jobs, by their Project and, while they wait, by their Model and their Dataset.
pub(crate) fn predictions(watches: &mut Watches) -> Controller<Guarded<Prediction>> {
    let cache = watches.predictions.cache();
    let predictions = over(&mut watches.predictions);
    let predictions = with_tenancy(predictions, watches, |w| w.predictions.cache());
    let predictions = with_work(predictions, cache.clone(), watches, |prediction| {
        &prediction.spec.project_ref.name
    });
    let models = watches.models.changes(model_facts);
    let datasets = watches.datasets.changes(dataset_facts);
    let of_model = cache.clone();
    predictions
        .watches_shared_stream(models, move |model: Arc<Guarded<Model>>| {
            let name = model.name_any();
            chosen(&of_model, model.namespace(), move |prediction| {
                waits(prediction) && prediction.spec.model_ref.name == name
            })
        })
        .watches_shared_stream(datasets, move |dataset: Arc<Guarded<Dataset>>| {
            let name = dataset.name_any();
            chosen(&cache, dataset.namespace(), move |prediction| {
                waits(prediction) && prediction.spec.dataset_ref.name == name
            })
        })
}

/// Webhooks, woken by the Project that they name.
pub(crate) fn webhooks(watches: &mut Watches) -> Controller<Guarded<Webhook>> {
    let cache = watches.webhooks.cache();
    let webhooks = over(&mut watches.webhooks);
    let webhooks = with_tenancy(webhooks, watches, |w| w.webhooks.cache());
    let projects = watches.projects.changes(project_facts);
    webhooks.watches_shared_stream(projects, move |project: Arc<Guarded<Project>>| {
        let name = project.name_any();
        chosen(&cache, project.namespace(), move |webhook| {
            let named = webhook.spec.project_ref.as_ref();
            named.is_some_and(|project| project.name == name)
        })
    })
}

/// Whether a Prediction may wait for its Model or its Dataset: also one that was made, and of which either went since.
fn waits(prediction: &Prediction) -> bool {
    let status = prediction.status.as_ref();
    let ready = status.and_then(|s| condition::find(&s.conditions, ConditionType::Ready));
    ready.is_none_or(|ready| ready.status != ConditionStatus::True)
}

/// A controller over one kind.
fn over<K: Managed>(watch: &mut Watch<Guarded<K>>) -> Controller<Guarded<K>> {
    Controller::for_shared_stream(watch.changes(intent), watch.cache())
}

/// Adds the trigger of everything in a namespace: its tenant's label, as it comes, changes and goes.
fn with_tenancy<K: Managed>(
    controller: Controller<Guarded<K>>,
    watches: &mut Watches,
    cache: fn(&Watches) -> Store<Guarded<K>>,
) -> Controller<Guarded<K>> {
    let cache = cache(watches);
    let namespaces = watches.namespaces.changes(tenant_label);
    controller.watches_shared_stream(namespaces, move |seen| {
        chosen(&cache, seen.metadata.name.clone(), |_| true)
    })
}

/// Adds the triggers of what Jobs work for: its Jobs, and its Project.
fn with_work<K: Managed>(
    controller: Controller<Guarded<K>>,
    cache: Store<Guarded<K>>,
    watches: &mut Watches,
    project_of: fn(&K) -> &str,
) -> Controller<Guarded<K>> {
    let jobs = watches.jobs.changes(job_facts);
    let owners = jobs.filter_map(|job| ready(owner_of::<K>(&job)));
    let projects = watches.projects.changes(project_facts);
    controller
        .reconcile_on(gathered(owners))
        .watches_shared_stream(projects, move |project: Arc<Guarded<Project>>| {
            let name = project.name_any();
            chosen(&cache, project.namespace(), move |object| {
                project_of(object) == name
            })
        })
}

/// Each object once, however often it is named in a while.
fn gathered<K>(
    named: impl Stream<Item = ObjectRef<K>> + Send + 'static,
) -> impl Stream<Item = ObjectRef<K>> + Send
where
    K: Resource<DynamicType = ()> + Send + 'static,
{
    let named = Box::pin(named);
    stream::unfold(named, |mut named| async move {
        let mut once = HashSet::from([named.next().await?]);
        let end = Instant::now() + GATHERED;
        loop {
            tokio::select! {
                () = sleep_until(end) => break,
                more = named.next() => match more {
                    Some(more) => once.insert(more),
                    None => break,
                },
            };
        }
        Some((stream::iter(once), named))
    })
    .flatten()
}

/// The Project that a Dataset names.
fn project_of(dataset: &Guarded<Dataset>) -> Option<ObjectRef<Guarded<Project>>> {
    let named = &dataset.0.as_ref().ok()?.spec.project_ref.name;
    Some(ObjectRef::new(named).within(&dataset.namespace()?))
}

/// The Model that a Prediction names.
fn model_of(prediction: &Guarded<Prediction>) -> Option<ObjectRef<Guarded<Model>>> {
    let named = &prediction.0.as_ref().ok()?.spec.model_ref.name;
    Some(ObjectRef::new(named).within(&prediction.namespace()?))
}

/// The resource that a Job works for, when it is of this kind.
fn owner_of<K: Managed>(job: &Job) -> Option<ObjectRef<Guarded<K>>> {
    let mut owners = job.owner_references().iter();
    let owner = owners.find(|o| o.kind == K::kind(&()) && o.api_version == K::api_version(&()))?;
    Some(ObjectRef::new(&owner.name).within(&job.namespace()?))
}

/// The objects of a namespace that decode and are asked for.
fn chosen<K: Managed>(
    cache: &Store<Guarded<K>>,
    namespace: Option<String>,
    asked: impl Fn(&K) -> bool,
) -> Vec<ObjectRef<Guarded<K>>> {
    let chosen = cache.state_filter(|object| {
        object.namespace() == namespace && object.0.as_ref().is_ok_and(&asked)
    });
    chosen
        .iter()
        .map(|object| ObjectRef::from_obj(&**object))
        .collect()
}

/// What a Job says of its attempt. That it starts, its maker expects: a pass looks after a pod that does not come.
fn job_facts(job: &Job) -> u64 {
    let status = job.status.as_ref();
    let conditions = status.and_then(|s| s.conditions.as_ref());
    let conditions = conditions.into_iter().flatten();
    let conditions: Vec<_> = conditions.map(|c| (&c.type_, &c.status)).collect();
    let is_ready = status.and_then(|s| s.ready).unwrap_or(0) > 0;
    let failed = status.and_then(|s| s.failed).unwrap_or(0);
    let generation = job.metadata.generation;
    let deleted = job.metadata.deletion_timestamp.is_some();
    let is_as_made = generation.unwrap_or(1) == 1 && !deleted;
    if is_as_made && conditions.is_empty() && !is_ready && failed == 0 {
        return NOTHING_YET;
    }
    hash(&(generation, deleted, conditions, is_ready, failed))
}

/// What of a namespace decides about what is in it.
fn tenant_label(namespace: &PartialObjectMeta<Namespace>) -> u64 {
    hash(&namespace.labels().get(TENANT_LABEL))
}

/// What a person or the REST API can change of an object; everything else is our own echo.
fn intent<K: Resource>(object: &K) -> u64 {
    let meta = object.meta();
    let annotations = [RETRY_AT, BILLING_REVISION, SKIP_CLEANUP, DELETE_ROWS]
        .map(|name| meta.annotations.as_ref().and_then(|a| a.get(name)));
    let deleted = meta.deletion_timestamp.is_some();
    hash(&(meta.generation, deleted, &meta.finalizers, annotations))
}

/// What others decide by of their Project; counters would wake all of them each time.
fn project_facts(project: &Guarded<Project>) -> u64 {
    let Ok(object) = &project.0 else {
        return intent(project);
    };
    let status = object.status.as_ref();
    let ready = status
        .and_then(|s| condition::find(&s.conditions, ConditionType::Ready))
        .map(|c| (c.status, &c.reason));
    let billing = status.and_then(|s| s.billing.as_ref()).map(|b| b.status);
    let state = status.and_then(|s| s.state);
    hash(&(intent(project), ready, billing, state))
}

/// What a Project counts of its Datasets. The last event of one that goes passes too.
fn dataset_facts(dataset: &Guarded<Dataset>) -> u64 {
    let state = dataset
        .0
        .as_ref()
        .ok()
        .and_then(|d| d.status.as_ref()?.state);
    hash(&(state, going(dataset)))
}

/// What Predictions decide by of their Model.
fn model_facts(model: &Guarded<Model>) -> u64 {
    let object = model.0.as_ref().ok();
    let state = object.and_then(|m| m.status.as_ref()?.state);
    hash(&(state, going(model)))
}

/// What a Model counts of its Predictions.
fn prediction_facts(prediction: &Guarded<Prediction>) -> u64 {
    let object = prediction.0.as_ref().ok();
    let state = object.and_then(|p| p.status.as_ref()?.state);
    hash(&(state, going(prediction)))
}

/// The version of an object that is being deleted: each change of it is told.
fn going<K: Resource>(object: &K) -> Option<&String> {
    let meta = object.meta();
    let going = meta.deletion_timestamp.as_ref();
    going.and(meta.resource_version.as_ref())
}

fn hash(facts: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.hash(&mut hasher);
    hasher.finish()
}
