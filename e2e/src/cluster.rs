//! One namespace of the cluster: what is applied there, what became of it, and its Jobs and pods.

use std::{fmt::Debug, time::Duration};

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, Webhook,
    condition::{Condition, ConditionStatus, ConditionType, Phase, Reason, find},
};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{batch::v1::Job, core::v1::Pod},
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::wait::eventually;

/// Field manager of these tests.
const MANAGER: &str = "e2e";

/// A kind of the platform.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
    /// What the operator says of it.
    fn conditions(&self) -> &[Condition];
    /// Its platform id, once there is one.
    fn id(&self) -> Option<&str>;
}

macro_rules! kind {
    ($name:ident) => {
        impl Kind for $name {
            fn conditions(&self) -> &[Condition] {
                self.status.as_ref().map_or(&[], |s| &s.conditions)
            }
            fn id(&self) -> Option<&str> {
                self.status.as_ref()?.id.as_deref()
            }
        }
    };
}

kind!(Project);
kind!(Dataset);
kind!(Export);
kind!(Model);
kind!(Prediction);
kind!(Webhook);

/// `Ready=False AwaitingPayment: …`, for messages.
pub fn verdict(object: &impl Kind) -> String {
    let Some(ready) = find(object.conditions(), ConditionType::Ready) else {
        return "no condition yet".into();
    };
    format!(
        "Ready={:?} {}: {}",
        ready.status, ready.reason, ready.message
    )
}

/// Whether the object's conditions say this, of the current generation.
pub fn is(object: &impl Kind, phase: Phase, reason: Reason) -> bool {
    phase_of(object) == Some(phase)
        && object.conditions().iter().all(|c| {
            c.reason == reason.as_str() && c.observed_generation == object.meta().generation
        })
}

/// The message of its conditions.
pub fn message(object: &impl Kind) -> &str {
    find(object.conditions(), ConditionType::Ready).map_or("", |c| &c.message)
}

/// The row of the table of conditions that the object is in; panics when it is in none.
pub fn phase_of(object: &impl Kind) -> Option<Phase> {
    let conditions = object.conditions();
    if conditions.is_empty() {
        return None;
    }
    let of = |kind| find(conditions, kind).map(|c| c.status);
    let found = [
        Phase::Unseen,
        Phase::Waiting,
        Phase::Running,
        Phase::Done,
        Phase::Failed,
    ]
    .into_iter()
    .find(|phase| {
        let [ready, succeeded, reconciling, stalled] = phase.table();
        let succeeded = succeeded_or_absent(of(ConditionType::Succeeded), succeeded);
        of(ConditionType::Ready) == Some(ready)
            && succeeded
            && of(ConditionType::Reconciling) == Some(reconciling)
            && of(ConditionType::Stalled) == Some(stalled)
    });
    assert!(
        found.is_some(),
        "conditions that the table does not know: {conditions:?}"
    );
    found
}

/// A Project never succeeds, nor does a Webhook: they have no run.
fn succeeded_or_absent(seen: Option<ConditionStatus>, wanted: ConditionStatus) -> bool {
    seen.is_none_or(|seen| seen == wanted)
}

/// A namespace that belongs to one test.
#[derive(Clone)]
pub struct Namespace {
    /// The cluster.
    pub client: Client,
    /// Its name.
    pub name: String,
}

impl Namespace {
    /// The objects of a kind.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// What `kubectl apply --server-side` does; `Err` is what the API server says to it.
    ///
    /// # Errors
    /// The API server refused: the schema, a rule or a policy.
    pub async fn try_apply<K: Kind>(&self, name: &str, spec: Value) -> Result<K, kube::Error> {
        let object = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {"name": name, "namespace": self.name},
            "spec": spec,
        });
        self.api::<K>()
            .patch(name, &PatchParams::apply(MANAGER), &Patch::Apply(object))
            .await
    }

    /// What `kubectl apply --server-side` does.
    pub async fn apply<K: Kind>(&self, name: &str, spec: Value) -> K {
        self.try_apply(name, spec)
            .await
            .unwrap_or_else(|e| panic!("cannot apply {} {name}: {e}", K::kind(&())))
    }

    /// Sets an annotation, as `kubectl annotate` does.
    pub async fn annotate<K: Kind>(&self, name: &str, key: &str, value: &str) {
        let patch = json!({"metadata": {"annotations": {key: value}}});
        self.api::<K>()
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
    }

    /// Waits until the object is as wanted. Every look also holds its conditions against the table.
    pub async fn until<K: Kind>(
        &self,
        name: &str,
        what: &str,
        deadline: Duration,
        wanted: impl Fn(&K) -> bool,
    ) -> K {
        let api = self.api::<K>();
        let what = format!("{} {name}: {what}", K::kind(&()));
        eventually(what, deadline, || async {
            let found = api.get_opt(name).await.map_err(|e| e.to_string())?;
            let found = found.ok_or("it does not exist")?;
            phase_of(&found);
            if wanted(&found) {
                Ok(found)
            } else {
                Err(verdict(&found))
            }
        })
        .await
    }

    /// Waits until the object's conditions say this.
    pub async fn until_is<K: Kind>(
        &self,
        name: &str,
        phase: Phase,
        reason: Reason,
        deadline: Duration,
    ) -> K {
        let what = format!("{phase:?} {reason}");
        self.until(name, &what, deadline, |object: &K| {
            is(object, phase, reason)
        })
        .await
    }

    /// Deletes an object and waits until it is gone.
    pub async fn delete<K: Kind>(&self, name: &str, deadline: Duration) {
        let api = self.api::<K>();
        api.delete(name, &DeleteParams::default()).await.unwrap();
        eventually(format!("the end of {name}"), deadline, || async {
            match api.get_opt(name).await.map_err(|e| e.to_string())? {
                Some(object) => Err(verdict(&object)),
                None => Ok(()),
            }
        })
        .await;
    }

    /// The Jobs with this label.
    pub async fn jobs(&self, label: &str, value: &str) -> Vec<Job> {
        let labelled = ListParams::default().labels(&format!("{label}={value}"));
        self.api::<Job>().list(&labelled).await.unwrap().items
    }

    /// The pods with this label.
    pub async fn pods(&self, label: &str, value: &str) -> Vec<Pod> {
        let labelled = ListParams::default().labels(&format!("{label}={value}"));
        self.api::<Pod>().list(&labelled).await.unwrap().items
    }

    /// Names of the Events about this object, with reason and note.
    pub async fn events(&self, name: &str) -> Vec<String> {
        let events: Api<k8s_openapi::api::events::v1::Event> = self.api();
        let events = events.list(&ListParams::default()).await.unwrap();
        let about = events.items.into_iter().filter(|event| {
            let regarding = event.regarding.as_ref();
            regarding.and_then(|r| r.name.as_deref()) == Some(name)
        });
        about
            .map(|e| {
                let (reason, note) = (e.reason.unwrap_or_default(), e.note.unwrap_or_default());
                format!("{reason}: {note}")
            })
            .collect()
    }

    /// What `kubectl get` prints: column names, and a row per object.
    pub async fn table<K: Kind>(&self) -> Vec<Vec<(String, Value)>> {
        let path = K::url_path(&(), Some(&self.name));
        let request = http::Request::get(path)
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
            .body(Vec::new())
            .unwrap();
        let table: Value = self.client.request(request).await.unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap();
        // Columns of a higher priority are for `-o wide`.
        let shown: Vec<_> = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column["priority"] == 0)
            .map(|(at, column)| (at, column["name"].as_str().unwrap().to_owned()))
            .collect();
        let rows = table["rows"].as_array().unwrap().iter();
        rows.map(|row| {
            let cells = shown.iter();
            cells
                .map(|(at, name)| (name.clone(), row["cells"][*at].clone()))
                .collect()
        })
        .collect()
    }
}

/// The pods that run, newest last.
pub fn running(pods: &[Pod]) -> Vec<&Pod> {
    let mut running: Vec<_> = pods
        .iter()
        .filter(|pod| {
            let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
            phase == Some("Running") && pod.meta().deletion_timestamp.is_none()
        })
        .collect();
    running.sort_by_key(|pod| pod.creation_timestamp());
    running
}
