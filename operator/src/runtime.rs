//! The process: client, leadership, probes, controllers, drain.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use datacrowd_crds::{Dataset, Export, Project, names::OPERATOR_MANAGER};
use futures::future::join_all;
use k8s_openapi::{api::coordination::v1::Lease as LeaseObject, jiff::Timestamp};
use kube::{Api, Client, Config, client::ClientBuilder};
use kube_lease_manager::LeaseManagerBuilder;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    admin::{self, Readiness},
    args::{Args, ProcessArgs},
    context::{Context, Settings},
    controller::{self, Control},
    platform::Platform,
    schema,
};

/// Seconds that a leader may be silent before another takes over.
const LEASE_SECONDS: u64 = 30;
/// Seconds before the end at which it is renewed.
const LEASE_GRACE_SECONDS: u64 = 15;
/// Without a renewal for this long, this replica stops: some seconds before another one begins.
const RENEW_DEADLINE: Duration = Duration::from_secs(25);
/// Time between two looks at the lease, and for one of them.
const RENEW_LOOK: Duration = Duration::from_secs(3);
/// Longest wait for passes under way.
const DRAIN: Duration = Duration::from_secs(25);

/// The three controllers.
pub struct Operator {
    context: Arc<Context>,
    nudges: broadcast::Sender<()>,
    readiness: Readiness,
}

impl Operator {
    /// The controllers over one cluster and one platform.
    #[must_use]
    pub fn new(client: Client, platform: Platform, settings: Settings) -> Self {
        Self {
            context: Arc::new(Context::new(client, platform, settings)),
            nudges: broadcast::channel(16).0,
            readiness: Readiness::default(),
        }
    }

    /// Each message sent asks for a pass over every object.
    #[must_use]
    pub fn nudges(&self) -> broadcast::Sender<()> {
        self.nudges.clone()
    }

    /// Reconciles until `shutdown` resolves and the passes under way have ended.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let stop = CancellationToken::new();
        let control = Control {
            shutdown: stop.clone(),
            nudges: self.nudges.clone(),
        };
        let watched = &self.context.settings.watch_namespaces;
        let namespaces: Vec<Option<String>> = match watched.is_empty() {
            true => vec![None],
            false => watched.iter().cloned().map(Some).collect(),
        };
        // One set of controllers per namespace: merged watches would lose objects on a relist.
        let sets = namespaces.iter().map(|namespace| {
            set(
                &self.context,
                namespace.as_deref(),
                &control,
                &self.readiness,
            )
        });
        let mut running = pin!(join_all(sets));
        tokio::select! {
            _ = &mut running => return,
            () = shutdown => stop.cancel(),
        }
        if tokio::time::timeout(DRAIN, running).await.is_err() {
            tracing::warn!("passes under way did not end in time; the next leader repeats them");
        }
    }
}

/// The controllers of one namespace, or of all.
async fn set(
    context: &Arc<Context>,
    namespace: Option<&str>,
    control: &Control,
    readiness: &Readiness,
) {
    let client = &context.client;
    let (projects, project_store) = controller::over::<Project>(client, namespace);
    let (datasets, dataset_store) = controller::over::<Dataset>(client, namespace);
    let (exports, export_store) = controller::over::<Export>(client, namespace);
    let projects = controller::with_datasets(projects, client, namespace);
    let datasets = controller::with_runs(
        datasets,
        dataset_store.clone(),
        client,
        namespace,
        |dataset: &Dataset| &dataset.spec.project_ref.name,
    );
    let exports = controller::with_runs(
        exports,
        export_store.clone(),
        client,
        namespace,
        |export: &Export| &export.spec.project_ref.name,
    );
    let exports = controller::with_completions(exports, export_store.clone(), client, namespace);
    let projects = controller::with_tenancy(projects, project_store.clone(), client, namespace);
    let datasets = controller::with_tenancy(datasets, dataset_store.clone(), client, namespace);
    let exports = controller::with_tenancy(exports, export_store.clone(), client, namespace);
    let filled = async {
        let all = tokio::join!(
            project_store.wait_until_ready(),
            dataset_store.wait_until_ready(),
            export_store.wait_until_ready()
        );
        if let (Ok(()), Ok(()), Ok(())) = all {
            readiness.watching();
        }
    };
    tokio::join!(
        filled,
        controller::run(projects, context.clone(), control.clone()),
        controller::run(datasets, context.clone(), control.clone()),
        controller::run(exports, context.clone(), control.clone()),
    );
}

/// Runs the process until it is told to end, or leadership is lost.
///
/// # Errors
/// What keeps it from starting, and a lost lease.
pub async fn serve(args: Args) -> anyhow::Result<()> {
    let metrics = datacrowd_telemetry::install_metrics()?;
    let config = Config::infer()
        .await
        .context("reading the cluster's configuration")?;
    let client = ClientBuilder::try_from(config)
        .context("making the cluster's client")?
        .with_layer(&args.watch.rate())
        .build();
    let platform = Platform::new(&args.platform.internal_url, &args.platform.internal_token)
        .context("making the platform's client")?;
    let operator = Operator::new(client.clone(), platform, args.settings());
    let readiness = operator.readiness.clone();
    let stop = CancellationToken::new();
    let listener = TcpListener::bind(args.process.admin_listen)
        .await
        .context("opening the admin port")?;
    let admin = admin::serve(listener, readiness.clone(), metrics, stop.clone());
    let admin = tokio::spawn(admin);
    let schema = tokio::spawn(schema::watch(client.clone(), readiness.clone()));
    tracing::info!(namespaces = ?args.watch.watch_namespaces, "started");
    let result = lead(&args, client, operator).await;
    schema.abort();
    stop.cancel();
    admin.await.context("serving the admin port")??;
    result
}

/// Waits for the definitions and for leadership, works while it lasts, and gives it back.
async fn lead(args: &Args, client: Client, operator: Operator) -> anyhow::Result<()> {
    let mut terminated = pin!(terminated());
    // A status field that the server does not know would be dropped: an older replica does better until then.
    tokio::select! {
        () = operator.readiness.served() => {}
        () = &mut terminated => return Ok(()),
    }
    let Some(namespace) = &args.process.lease_namespace else {
        operator.readiness.leading();
        operator.run(terminated).await;
        return Ok(());
    };
    let watched = Api::namespaced(client.clone(), namespace);
    let (mut leading, lease) = lease(client, namespace, &args.process).await?;
    tokio::select! {
        () = admin::becomes(&mut leading, true) => {}
        () = &mut terminated => return release(leading, lease).await,
    }
    tracing::info!("leading");
    operator.readiness.leading();
    let mut lost = leading.clone();
    let mut was_lost = false;
    operator
        .run(async {
            tokio::select! {
                () = admin::becomes(&mut lost, false) => was_lost = true,
                () = unrenewed(watched, &args.process) => was_lost = true,
                () = terminated => {}
            }
        })
        .await;
    drop(lost);
    // The other replica may lead already; a fresh start is the simplest way to stand by again.
    anyhow::ensure!(!was_lost, "the lease was lost");
    release(leading, lease).await
}

type Lease = JoinHandle<kube_lease_manager::Result<kube_lease_manager::LeaseManager>>;

async fn lease(
    client: Client,
    namespace: &str,
    process: &ProcessArgs,
) -> anyhow::Result<(watch::Receiver<bool>, Lease)> {
    let identity = &process.pod_name;
    let manager = LeaseManagerBuilder::new(client, process.lease())
        .with_namespace(namespace)
        .with_identity(identity)
        .with_duration(LEASE_SECONDS)
        .with_grace(LEASE_GRACE_SECONDS)
        .with_field_manager(format!("{OPERATOR_MANAGER}-{identity}"))
        .build()
        .await
        .context("making the lease")?;
    Ok(manager.watch().await)
}

/// Resolves when this replica's lease was not seen renewed in time. While the API server is out of reach the
/// manager tries again for ever and says nothing; the other replica does not wait that long.
async fn unrenewed(leases: Api<LeaseObject>, process: &ProcessArgs) {
    let (name, identity) = (process.lease(), process.pod_name.as_str());
    let mut renewed = Instant::now();
    while renewed.elapsed() < RENEW_DEADLINE {
        tokio::time::sleep(RENEW_LOOK).await;
        let read = tokio::time::timeout(RENEW_LOOK, leases.get(&name)).await;
        let spec = read.ok().and_then(Result::ok).and_then(|lease| lease.spec);
        let own = spec.filter(|spec| spec.holder_identity.as_deref() == Some(identity));
        if let Some(at) = own.and_then(|spec| spec.renew_time) {
            let age = Timestamp::now().duration_since(at.0).unsigned_abs();
            renewed = Instant::now().checked_sub(age).unwrap_or(renewed);
        }
    }
    tracing::warn!("the lease is not renewed; the API server may be out of reach");
}

async fn release(leading: watch::Receiver<bool>, lease: Lease) -> anyhow::Result<()> {
    drop(leading);
    lease
        .await
        .context("waiting for the lease")?
        .context("releasing the lease")?;
    Ok(())
}

/// Resolves on SIGTERM and on SIGINT.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).expect("the runtime handles signals");
    let mut int = signal(SignalKind::interrupt()).expect("the runtime handles signals");
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("told to end; draining");
}
