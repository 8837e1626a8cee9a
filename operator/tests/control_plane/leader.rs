//! Two replicas, and a leader that is killed, stopped or cut off: the other one goes on, and every
//! resource still has one Job.

use std::{path::PathBuf, process::Stdio, time::Duration};

use datacrowd_crds::{Dataset, names::TRACE};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
};

use super::{
    platform::TOKEN,
    world::{BUCKET, World, config},
};

/// Longest wait for a process that lost its lease: the lease's time, and the passes under way.
const END: Duration = Duration::from_mins(1);

/// The binary, electing a leader.
struct Replica {
    name: &'static str,
    process: Child,
}

impl Replica {
    fn start(world: &World, name: &'static str, kubeconfig: &str) -> Self {
        Self::start_with(world, name, kubeconfig, &[])
    }

    /// With more variables.
    fn start_with(
        world: &World,
        name: &'static str,
        kubeconfig: &str,
        more: &[(&str, &str)],
    ) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_datacrowd-operator"))
            .env("KUBECONFIG", kubeconfig)
            .env("DATACROWD_INTERNAL_URL", &world.platform.url)
            .env("DATACROWD_INTERNAL_TOKEN", TOKEN)
            .env("DATACROWD_BUCKET", BUCKET)
            .env("DATACROWD_RUNNER_IMAGE", "runner:test")
            .env("DATACROWD_INFERENCE_IMAGE", "inference:test")
            .env("DATACROWD_WATCH_NAMESPACES", &world.namespace)
            .env("DATACROWD_POLL_SECONDS", "1")
            .env("DATACROWD_ADMIN_LISTEN", "127.0.0.1:0")
            .env("DATACROWD_LEASE_NAMESPACE", &world.namespace)
            .env("POD_NAME", name)
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { name, process }
    }

    async fn leads(&self, world: &World) {
        let leases: Api<Lease> = Api::namespaced(world.client.clone(), &world.namespace);
        let what = format!("{} to lead", self.name);
        world
            .eventually(&what, async || {
                let lease = leases.get_opt("datacrowd-operator").await.unwrap()?;
                let holder = lease.spec?.holder_identity?;
                (holder == self.name).then_some(())
            })
            .await;
    }

    async fn signal(&self, signal: &str) {
        let pid = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await;
        assert!(sent.unwrap().success());
    }

    /// It ends by itself, and not as one that was told to.
    async fn gives_up(&mut self) {
        let ended = tokio::time::timeout(END, self.process.wait()).await;
        assert!(!ended.expect("it ends").unwrap().success());
    }
}

fn kubeconfig() -> String {
    std::env::var("TEST_KUBECONFIG").unwrap()
}

/// A leader with one Dataset on its way, and another replica that stands by.
async fn two(world: &World, first: &str) -> (Replica, Replica) {
    world.platform.grant(100);
    let leader = Replica::start(world, "first", first);
    leader.leads(world).await;
    let other = Replica::start(world, "second", &kubeconfig());
    world.project("reviews").await;
    world.dataset("before").await;
    let _: Dataset = world.reason("before", "JobCreated").await;
    (leader, other)
}

/// What the first replica left undone is done by the second, and nothing is done twice.
async fn is_followed_by(world: &World, other: &Replica) {
    world.dataset("after").await;
    other.leads(world).await;
    let _: Dataset = world.reason("after", "JobCreated").await;
    one_job_each(world).await;
}

async fn one_job_each(world: &World) {
    let jobs = world
        .eventually("a Job for each Dataset", async || {
            Some(world.jobs().await).filter(|jobs| jobs.len() >= 2)
        })
        .await;
    assert_eq!(jobs.len(), 2, "one Job for each Dataset: {jobs:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_is_followed_by_the_other() {
    let world = World::new("killed").await;
    let (mut leader, other) = two(&world, &kubeconfig()).await;
    leader.process.kill().await.unwrap();
    is_followed_by(&world, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_stood_still_gives_up_when_it_wakes() {
    let world = World::new("stopped").await;
    let (mut leader, other) = two(&world, &kubeconfig()).await;
    leader.signal("-STOP").await;
    is_followed_by(&world, &other).await;
    leader.signal("-CONT").await;
    leader.gives_up().await;
    other.leads(&world).await;
    one_job_each(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_gives_up_by_itself() {
    let world = World::new("cutoff").await;
    let (wire, cut) = wire(&world).await;
    let (mut leader, other) = two(&world, wire.to_str().unwrap()).await;
    cut.send(true).unwrap();
    leader.gives_up().await;
    std::fs::remove_file(wire).unwrap();
    is_followed_by(&world, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_on_with_the_trace_of_its_dataset() {
    let world = World::new("traced").await;
    world.platform.grant(100);
    // Nobody listens there: a trace goes on whether or not it can be sent.
    let exported = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let _operator = Replica::start_with(&world, "traced", &kubeconfig(), &exported);
    world.project("reviews").await;
    let mut body = super::world::dataset(&world.namespace, "items");
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-";
    body["metadata"]["annotations"] = json!({TRACE: format!("{trace}00f067aa0ba902b7-01")});
    world.create::<Dataset>(body).await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await;
    let pod = job.spec.unwrap().template.spec.unwrap();
    let env = pod.containers[0].env.as_ref().unwrap();
    let value = |name| env.iter().find(|v| v.name == name)?.value.as_deref();
    assert_eq!(value(exported[0].0), Some(exported[0].1));
    let parent = value("TRACEPARENT").unwrap();
    assert!(parent.starts_with(trace), "{parent}");
    assert!(
        !parent.contains("00f067aa0ba902b7"),
        "{parent}: the Job's parent is the operator's span"
    );
}

/// A kubeconfig that leads to the API server through a wire, which is cut by sending true.
async fn wire(world: &World) -> (PathBuf, watch::Sender<bool>) {
    let server = config().await.cluster_url;
    let address = server.authority().unwrap().to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().to_string();
    let text = std::fs::read_to_string(kubeconfig()).unwrap();
    assert!(text.contains(&address), "the kubeconfig names {address}");
    let path = std::env::temp_dir().join(format!("{}.kubeconfig", world.namespace));
    std::fs::write(&path, text.replace(&address, &here)).unwrap();
    let (cut, is_cut) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (address, mut is_cut) = (address.clone(), is_cut.clone());
            tokio::spawn(async move {
                if *is_cut.borrow() {
                    return;
                }
                let mut far = TcpStream::connect(&address).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    _ = is_cut.wait_for(|cut| *cut) => {}
                }
            });
        }
    });
    (path, cut)
}
