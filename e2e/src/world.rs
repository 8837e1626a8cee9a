//! A test's world: clients of everything, namespaces that go when the test ends, and a dump when it fails.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use datacrowd_crds::{Dataset, Export, Model, Prediction, Project, Webhook};
use futures::{FutureExt as _, future::join_all};
use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, PostParams},
};
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::{sync::RwLock, time::timeout};

use crate::{
    client::Rest,
    cluster::{Kind, Namespace},
    dump,
    settings::{self, Scale, Settings},
    store::Store,
    wait::seconds,
};

/// Held by one who disturbs the platform, and by all who would notice.
static PEACE: RwLock<()> = RwLock::const_new(());

/// Whether a test stops parts of the platform that others use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// It runs beside others.
    Peaceful,
    /// It runs alone.
    Disturbing,
}

/// Everything that a test needs.
pub struct World {
    /// The installation.
    pub settings: Settings,
    /// How long the long proofs run.
    pub scale: Scale,
    /// The cluster.
    pub client: Client,
    /// The REST API.
    pub rest: Rest,
    /// The platform's bucket.
    pub store: Store,
    /// The core database.
    pub core: PgPool,
    /// Part of every name, so that no two runs meet.
    pub run: String,
    seed: u64,
    namespaces: Mutex<Vec<String>>,
}

/// Runs one promise: connects, runs `body`, dumps when it panics, and removes its namespaces either way.
pub async fn promise<F, Fut>(name: &str, manners: Manners, body: F)
where
    F: FnOnce(Arc<World>) -> Fut,
    Fut: Future<Output = ()>,
{
    let world = Arc::new(World::connect().await);
    let (_read, _write) = match manners {
        Manners::Peaceful => (Some(PEACE.read().await), None),
        Manners::Disturbing => (None, Some(PEACE.write().await)),
    };
    eprintln!("{name}: seed {} scale {:?}", world.seed, world.scale);
    let begin = Instant::now();
    let outcome = AssertUnwindSafe(body(Arc::clone(&world)))
        .catch_unwind()
        .await;
    if outcome.is_err() {
        eprintln!("==== {name} failed; E2E_SEED={} repeats it", world.seed);
        for namespace in world.made() {
            dump::namespace(&world.client, &namespace).await;
        }
        dump::platform(&world.client).await;
    }
    let took = begin.elapsed();
    let left = world.clean_up().await;
    let with_end = begin.elapsed();
    eprintln!("{name}: {took:.1?}, with the end of its namespaces {with_end:.1?}");
    match outcome {
        Err(panic) => resume_unwind(panic),
        Ok(()) => assert!(left.is_empty(), "these namespaces do not go: {left:?}"),
    }
}

impl World {
    async fn connect() -> Self {
        // A second test in this process finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings::from_env();
        let core = PgPoolOptions::new()
            .max_connections(4)
            .connect(&settings.core_database_url)
            .await
            .unwrap_or_else(|e| panic!("cannot reach the core database: {e}"));
        let client = Client::try_default()
            .await
            .unwrap_or_else(|e| panic!("cannot use KUBECONFIG: {e}"));
        Self {
            scale: Scale::from_env(),
            client,
            rest: Rest::connect(&settings),
            store: Store::connect(&settings),
            core,
            run: uuid::Uuid::new_v4().simple().to_string()[..8].to_owned(),
            seed: settings::seed(),
            namespaces: Mutex::default(),
            settings,
        }
    }

    /// What is drawn in this test.
    pub fn rng(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }

    /// A namespace of a tenant of its own.
    pub async fn namespace(&self, word: &str) -> Namespace {
        let name = format!("e2e-{word}-{}", self.run);
        let labels = json!({"datacrowd.io/tenant": name});
        self.make(name, labels).await
    }

    /// A namespace that belongs to nobody.
    pub async fn unlabelled_namespace(&self, word: &str) -> Namespace {
        self.make(format!("e2e-{word}-{}", self.run), json!({}))
            .await
    }

    async fn make(&self, name: String, labels: serde_json::Value) -> Namespace {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let namespaces: Api<NamespaceObject> = Api::all(self.client.clone());
        let object = serde_json::from_value(object).unwrap();
        namespaces
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
        self.adopt(&name)
    }

    /// A namespace that the platform made for this test; it goes with the others.
    pub fn adopt(&self, name: &str) -> Namespace {
        self.namespaces.lock().unwrap().push(name.to_owned());
        Namespace {
            client: self.client.clone(),
            name: name.to_owned(),
        }
    }

    fn made(&self) -> Vec<String> {
        self.namespaces.lock().unwrap().clone()
    }

    /// Removes what this test made; returns what is still there after a minute. Our resources go first: a namespace
    /// that finds a finalizer looks again only after eight seconds.
    async fn clean_up(&self) -> Vec<String> {
        let mut left = self.made();
        let resources = join_all(left.iter().map(|name| async {
            tokio::join!(
                gone::<Webhook>(&self.client, name),
                gone::<Prediction>(&self.client, name),
                gone::<Model>(&self.client, name),
                gone::<Export>(&self.client, name),
                gone::<Dataset>(&self.client, name),
                gone::<Project>(&self.client, name)
            )
        }));
        let _ = timeout(seconds(30), resources).await;
        let namespaces: Api<NamespaceObject> = Api::all(self.client.clone());
        for name in &left {
            // What is gone already needs no deleting; what cannot be deleted is found below.
            let _ = namespaces.delete(name, &DeleteParams::default()).await;
        }
        let begin = Instant::now();
        while !left.is_empty() && begin.elapsed() < seconds(60) {
            tokio::time::sleep(seconds(1)).await;
            let mut still = Vec::new();
            for name in left {
                if !matches!(namespaces.get_opt(&name).await, Ok(None)) {
                    still.push(name);
                }
            }
            left = still;
        }
        for name in self.made() {
            self.store.forget(&format!("{name}/")).await;
        }
        for name in &left {
            dump::namespace(&self.client, name).await;
        }
        left
    }
}

/// Deletes a namespace's objects of a kind, and waits until there are none.
async fn gone<K: Kind>(client: &Client, namespace: &str) {
    let api = Api::<K>::namespaced(client.clone(), namespace);
    let all = ListParams::default();
    let _ = api.delete_collection(&DeleteParams::default(), &all).await;
    while api
        .list(&all)
        .await
        .is_ok_and(|list| !list.items.is_empty())
    {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
