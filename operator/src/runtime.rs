//! The process: client, leadership, probes, controllers, drain.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use datacrowd_crds::names::OPERATOR_MANAGER;
use futures::future::join_all;
use k8s_openapi::{api::coordination::v1::Lease as LeaseObject, jiff::Timestamp};
use kube::{Api, Client, Config, client::ClientBuilder, runtime::Controller};
use kube_lease_manager::LeaseManagerBuilder;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    admin::{self, Readiness},
    args::{Args, ProcessArgs},
    caches::Caches,
    context::{Context, Settings},
    controller::{self, Control},
    guarded::Guarded,
    managed::Managed,
    metrics,
    platform::Platform,
    schema, triggers,
    watches::Watches,
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

/// The controllers, one of each kind, and the watches they share.
pub struct Operator {
    context: Arc<Context>,
    watches: Vec<Watches>,
    nudges: broadcast::Sender<()>,
    readiness: Readiness,
}

impl Operator {
    /// The controllers over one cluster and one platform.
    #[must_use]
    pub fn new(client: Client, platform: Platform, settings: Settings) -> Self {
        let named = &settings.watch_namespaces;
        let namespaces: Vec<Option<String>> = match named.is_empty() {
            true => vec![None],
            false => named.iter().cloned().map(Some).collect(),
        };
        // One set for each namespace: merged watches would lose objects on a relist.
        let watches = namespaces
            .iter()
            .map(|n| Watches::new(&client, n.as_deref()));
        let watches: Vec<_> = watches.collect();
        let caches = watches.iter().map(Watches::cache);
        let caches = Caches::new(namespaces.into_iter().zip(caches));
        Self {
            context: Arc::new(Context::new(client, caches, platform, settings)),
            watches,
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
        let watches = self.watches.into_iter();
        let sets = watches.map(|watches| set(&self.context, watches, &control, &self.readiness));
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

/// The controllers of one namespace, or of all. Each is a task of its own, which ends with this one.
async fn set(
    context: &Arc<Context>,
    mut watches: Watches,
    control: &Control,
    readiness: &Readiness,
) {
    let projects = triggers::projects(&mut watches);
    let datasets = triggers::datasets(&mut watches);
    let exports = triggers::exports(&mut watches);
    let models = triggers::models(&mut watches);
    let predictions = triggers::predictions(&mut watches);
    let webhooks = triggers::webhooks(&mut watches);
    let cache = watches.cache();
    let _watching = AbortOnDropHandle::new(tokio::spawn(watches.run()));
    // A pass reads them all; the first one must not take what is not read yet for what is not there.
    tokio::select! {
        filled = cache.filled() => if !filled { return },
        () = control.shutdown.cancelled() => return,
    }
    readiness.watching();
    tokio::join!(
        run(projects, context, control),
        run(datasets, context, control),
        run(exports, context, control),
        run(models, context, control),
        run(predictions, context, control),
        run(webhooks, context, control),
    );
}

async fn run<K: Managed>(
    controller: Controller<Guarded<K>>,
    context: &Arc<Context>,
    control: &Control,
) {
    let running = controller::run(controller, context.clone(), control.clone());
    let ended = AbortOnDropHandle::new(tokio::spawn(running)).await;
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

/// Runs the process until it is told to end, or leadership is lost.
///
/// # Errors
/// What keeps it from starting, and a lost lease.
pub async fn serve(args: Args) -> anyhow::Result<()> {
    let metrics = datacrowd_telemetry::install_metrics(&[metrics::ALL])?;
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
#[expect(
    clippy::disallowed_methods,
    reason = "a Lease tells the time of its renewal"
)]
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
