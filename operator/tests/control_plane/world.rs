//! One namespace, one operator that watches it, one platform: everything a test needs, and a dump of
//! it all when a wait ends in vain.

use std::{env, time::Duration};

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, Webhook,
    condition::{Condition, ConditionStatus, ConditionType, find},
};
use datacrowd_operator::{Operator, Platform, Settings};
use datacrowd_protocol::{endpoint::TenantEndpoints, names::TENANT_LABEL};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        batch::v1::Job,
        core::v1::{Namespace, Pod},
        events::v1::Event,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, Resource, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
    client::ClientBuilder,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{sync::OnceCell, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    fault_proxy::FaultProxy,
    platform::{Fake, TOKEN},
};

pub const BUCKET: &str = "datacrowd";
/// Longest wait for a condition.
const DEADLINE: Duration = Duration::from_mins(2);

pub async fn config() -> Config {
    let path = env::var("TEST_KUBECONFIG").expect(
        "TEST_KUBECONFIG must name the kubeconfig of a control plane; make one with dev/cluster/control-plane start",
    );
    // Another test was faster: that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap()
}

/// A client whose every request goes through the proxy.
pub async fn client(proxy: &FaultProxy) -> Client {
    let builder = ClientBuilder::try_from(config().await).unwrap();
    builder.with_layer(proxy).build()
}

/// Installs the definitions.
pub async fn install_crds(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for (_, crd) in datacrowd_crds::manifest::definitions() {
        let name = crd.name_any();
        let params = PatchParams::apply("test").force();
        api.patch(&name, &params, &Patch::Apply(&crd))
            .await
            .unwrap();
        let established = kube::runtime::wait::conditions::is_crd_established();
        let wait = kube::runtime::wait::await_condition(api.clone(), &name, established);
        tokio::time::timeout(DEADLINE, wait).await.unwrap().unwrap();
    }
}

pub struct World {
    pub client: Client,
    pub namespace: String,
    pub platform: Fake,
    pub settings: Settings,
}

/// A running operator; dropped, it stops.
pub struct Running {
    pub nudge: tokio::sync::broadcast::Sender<()>,
    pub proxy: FaultProxy,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As a crash: nothing is drained.
    pub fn kill(self) {
        self.task.abort();
    }
}

impl World {
    /// A namespace of a tenant, without an operator.
    pub async fn new(prefix: &str) -> Self {
        let world = Self::unbound(prefix).await;
        world.label(Some("acme")).await;
        world
    }

    /// A namespace without a tenant.
    pub async fn unbound(prefix: &str) -> Self {
        static INSTALLED: OnceCell<()> = OnceCell::const_new();
        let client = client(&FaultProxy::open()).await;
        INSTALLED.get_or_init(|| install_crds(&client)).await;
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let made: Namespace = serde_json::from_value(json!({
            "metadata": {"generateName": format!("{prefix}-")}
        }))
        .unwrap();
        let made = namespaces
            .create(&PostParams::default(), &made)
            .await
            .unwrap();
        let platform = Fake::start().await;
        let namespace = made.name_any();
        let settings = Settings {
            bucket: BUCKET.into(),
            runner_image: "runner:test".into(),
            inference_image: "inference:test".into(),
            runner_internal_url: "http://api".into(),
            otlp_endpoint: None,
            tenant_endpoints: TenantEndpoints::default(),
            job_deadline_seconds: 86_400,
            max_jobs_per_namespace: None,
            watch_namespaces: vec![namespace.clone()],
            concurrency: 16,
            poll_seconds: 1,
            installation: "datacrowd".into(),
            instance: "test".into(),
        };
        Self {
            client,
            namespace,
            platform,
            settings,
        }
    }

    pub async fn label(&self, tenant: Option<&str>) {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let patch = json!({"metadata": {"labels": {TENANT_LABEL: tenant}}});
        api.patch(
            &self.namespace,
            &PatchParams::default(),
            &Patch::Merge(&patch),
        )
        .await
        .unwrap();
    }

    pub async fn start(&self) -> Running {
        self.start_on(FaultProxy::open()).await
    }

    pub async fn start_on(&self, proxy: FaultProxy) -> Running {
        let platform = Platform::new(&self.platform.url, TOKEN).unwrap();
        let operator = Operator::new(client(&proxy).await, platform, self.settings.clone());
        let nudge = operator.nudges();
        let stop = CancellationToken::new();
        let shutdown = stop.clone();
        let task = tokio::spawn(async move {
            operator
                .run(async move { shutdown.cancelled().await })
                .await;
        });
        Running {
            nudge,
            proxy,
            stop,
            task,
        }
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub async fn create<K>(&self, body: Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + DeserializeOwned
            + Serialize
            + Clone
            + std::fmt::Debug,
    {
        let object: K = serde_json::from_value(body).unwrap();
        self.api()
            .create(&PostParams::default(), &object)
            .await
            .unwrap()
    }

    pub async fn project(&self, name: &str) -> Project {
        self.create(project(name)).await
    }

    pub async fn dataset(&self, name: &str) -> Dataset {
        self.create(dataset(&self.namespace, name)).await
    }

    pub async fn export(&self, name: &str) -> Export {
        self.create(export(name)).await
    }

    pub async fn model(&self, name: &str) -> Model {
        self.create(model(&self.namespace, name)).await
    }

    /// Of the Model `voices` over the Dataset `items`.
    pub async fn prediction(&self, name: &str) -> Prediction {
        self.create(prediction(name)).await
    }

    pub async fn patch<K>(&self, name: &str, patch: Value)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + DeserializeOwned
            + Clone
            + std::fmt::Debug,
    {
        let api: Api<K> = self.api();
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .unwrap();
    }

    /// Waits until Ready has this reason.
    pub async fn reason<K>(&self, name: &str, reason: &str) -> K
    where
        K: Observed,
    {
        self.eventually(&format!("{name} is {reason}"), async || {
            let object: K = self.api::<K>().get_opt(name).await.unwrap()?;
            (ready(&object)?.reason == reason).then_some(object)
        })
        .await
    }

    /// Waits until an object is gone.
    pub async fn gone<K: Observed>(&self, name: &str) {
        self.eventually(&format!("{name} is gone"), async || {
            self.api::<K>()
                .get_opt(name)
                .await
                .unwrap()
                .is_none()
                .then_some(())
        })
        .await;
    }

    /// Asks until there is an answer; dumps the namespace when there is none in time.
    pub async fn eventually<T>(&self, what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            if begun.elapsed() > DEADLINE {
                self.dump().await;
                panic!("in vain: {what}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[expect(clippy::print_stdout, reason = "a failing test shows what it saw")]
    async fn dump(&self) {
        async fn all<K>(world: &World)
        where
            K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
                + DeserializeOwned
                + Serialize
                + Clone
                + std::fmt::Debug,
        {
            for mut object in world.api::<K>().list(&ListParams::default()).await.unwrap() {
                object.meta_mut().managed_fields = None;
                println!(
                    "--- {}\n{}",
                    K::kind(&()),
                    serde_json::to_string_pretty(&object).unwrap()
                );
            }
        }
        all::<Project>(self).await;
        all::<Dataset>(self).await;
        all::<Export>(self).await;
        all::<Model>(self).await;
        all::<Prediction>(self).await;
        all::<Webhook>(self).await;
        all::<Job>(self).await;
        all::<Pod>(self).await;
        all::<Event>(self).await;
        println!("--- calls {:?}", self.platform.calls());
    }

    /// Name of the Job of an attempt of `items`, once it is recorded.
    pub async fn job_of(&self, attempt: i32) -> String {
        self.eventually(&format!("attempt {attempt} has a Job"), async || {
            let dataset = self.api::<Dataset>().get("items").await.unwrap();
            let status = dataset.status.filter(|s| s.attempt == Some(attempt))?;
            Some(status.job_ref?.name)
        })
        .await
    }

    pub async fn jobs(&self) -> Vec<Job> {
        self.api::<Job>()
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
    }
}

/// What has conditions.
pub trait Observed:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + DeserializeOwned
    + Clone
    + std::fmt::Debug
{
    fn conditions(&self) -> &[Condition];
}

macro_rules! observed {
    ($($kind:ty),+) => {$(
        impl Observed for $kind {
            fn conditions(&self) -> &[Condition] {
                self.status.as_ref().map_or(&[], |s| &s.conditions)
            }
        }
    )+};
}
observed!(Project, Dataset, Export, Model, Prediction, Webhook);

pub fn ready<K: Observed>(object: &K) -> Option<&Condition> {
    find(object.conditions(), ConditionType::Ready)
}

/// The statuses of Ready, Succeeded, Reconciling, Stalled.
pub fn table<K: Observed>(object: &K) -> Vec<ConditionStatus> {
    object.conditions().iter().map(|c| c.status).collect()
}

pub fn project(name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Project",
        "metadata": {"name": name},
        "spec": {
            "displayName": "Reviews", "dataType": "Text",
            "labeling": {"fields": [{"name": "rating", "type": "SingleChoice", "options": ["a", "b"]}]},
        },
    })
}

pub fn dataset(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset",
        "metadata": {"name": name},
        "spec": {
            "projectRef": {"name": "reviews"},
            "source": {"uri": format!("s3://{BUCKET}/{namespace}/items.csv")},
        },
    })
}

pub fn export(name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Export",
        "metadata": {"name": name},
        "spec": {"projectRef": {"name": "reviews"}, "format": "JSONL"},
    })
}

pub fn model(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Model",
        "metadata": {"name": name},
        "spec": {
            "projectRef": {"name": "reviews"},
            "source": {"uri": format!("s3://{BUCKET}/{namespace}/voices.onnx")},
            "input": {"kind": "Columns", "columns": ["x", "y"]},
            "output": {"field": "rating", "labels": ["a", "b"]},
        },
    })
}

pub fn prediction(name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Prediction",
        "metadata": {"name": name},
        "spec": {
            "projectRef": {"name": "reviews"},
            "modelRef": {"name": "voices"}, "datasetRef": {"name": "items"},
        },
    })
}
