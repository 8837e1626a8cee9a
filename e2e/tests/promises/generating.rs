//! Loading under fire: whatever is killed, however often, N rows become N tasks.

use std::{fs, process::Command};

use datacrowd_crds::{Dataset, condition::Phase};
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace, phase_of, running},
    dump::PLATFORM,
    release,
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Pod, PodSpec},
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, EvictParams, ListParams, PostParams},
};
use rand::{RngExt as _, rngs::StdRng};
use serde_json::json;

use crate::specs::{
    assert_each_row_once, dataset, generated, loaded, numbered_csv, paid, ratings, spent,
};

const LABEL: &str = "datacrowd.io/dataset";
/// Bytes per row: a chunk ends at 4 MiB, so this makes many chunks of few rows.
const WIDTH: usize = 2000;

/// A Dataset that is being loaded.
struct Load {
    ns: Namespace,
    project: String,
    id: String,
    rows: usize,
}

/// Applies a Dataset of `rows` rows and returns as soon as the platform knows it.
async fn begin(world: &World, word: &str, rows: usize) -> Load {
    let ns = world.namespace(word).await;
    let key = format!("{}/large.csv", ns.name);
    let uri = world.store.put(&key, numbered_csv(rows, WIDTH)).await;
    let project = paid(world, &ns, "reviews", ratings(1), 2 * rows as i64).await;
    ns.apply::<Dataset>("large", dataset("reviews", &uri)).await;
    let begun = ns
        .until::<Dataset>("large", "an id", seconds(60), |d| d.id().is_some())
        .await;
    let id = begun.id().unwrap().to_owned();
    Load {
        ns,
        project,
        id,
        rows,
    }
}

impl Load {
    /// Waits until at least this many rows are tasks; returns how many there are.
    async fn reaches(&self, world: &World, rows: i64) -> i64 {
        eventually(format!("{rows} loaded rows"), seconds(100), || async {
            match loaded(world, &self.id).await {
                n if n >= rows => Ok(n),
                n => Err(format!("{n} loaded")),
            }
        })
        .await
    }

    /// A point within the `k`th of `of` equal parts of the file.
    fn point(&self, rng: &mut StdRng, k: usize, of: usize) -> i64 {
        let part = self.rows / of;
        (k * part + rng.random_range(0..part)) as i64
    }

    /// The Job's pod that runs.
    async fn pod(&self) -> Pod {
        eventually("a running pod of the Job", seconds(60), || async {
            let pods = self.ns.pods(LABEL, "large").await;
            let found = running(&pods).last().map(|pod| (*pod).clone());
            found.ok_or_else(|| format!("{} pods, none runs", pods.len()))
        })
        .await
    }

    /// Holds the end against the promise.
    async fn is_whole(&self, world: &World) {
        let done = generated(&self.ns, "large", 150).await;
        assert_eq!(done.status.unwrap().tasks_created, Some(self.rows as i64));
        assert_each_row_once(world, &self.id, self.rows).await;
        let wrong: i64 = sqlx::query_scalar("select count(*) from tasks where dataset_id = $1::uuid and payload->>'id' <> 'r' || row_no")
            .bind(&self.id)
            .fetch_one(&world.core)
            .await
            .unwrap();
        assert_eq!(wrong, 0, "rows under another row's number");
        assert_eq!(
            spent(world, &self.project).await,
            self.rows as i64,
            "replays are not charged"
        );
    }
}

/// SIGKILLs the runner in a pod, when it runs on this machine; else the whole pod is deleted. True when
/// the process was killed.
async fn kill(ns: &Namespace, pod: &Pod, mark: &str) -> bool {
    if let Some(pid) = process_with(mark) {
        let killed = Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        killed.success()
    } else {
        let at_once = DeleteParams::default().grace_period(0);
        // It may have ended by itself.
        let _ = ns.api::<Pod>().delete(&pod.name_any(), &at_once).await;
        false
    }
}

/// Waits until the kubelet says that SIGKILL ended this pod's container.
async fn died_by_sigkill(ns: &Namespace, pod: &Pod) {
    let pods = ns.api::<Pod>();
    eventually("an exit by SIGKILL", seconds(30), || async {
        let pod = pods.get(&pod.name_any()).await.map_err(|e| e.to_string())?;
        let containers = pod.status.and_then(|s| s.container_statuses);
        let ended = containers
            .unwrap_or_default()
            .into_iter()
            .find_map(|c| c.state?.terminated);
        match ended.map(|ended| ended.exit_code) {
            Some(137) => Ok(()),
            other => Err(format!("exit code {other:?}")),
        }
    })
    .await;
}

/// The process whose environment has this variable.
fn process_with(mark: &str) -> Option<String> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        let found = environment.split(|b| *b == 0).any(|v| v == mark.as_bytes());
        found.then_some(pid)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_runner_loses_and_doubles_nothing() {
    promise(
        "killed_runner_loses_and_doubles_nothing",
        Manners::Peaceful,
        |world| async move {
            let (rows, kills) = world.scale.pick((20_000, 6), (100_000, 20));
            let mut rng = world.rng();
            let load = begin(&world, "killed", rows).await;
            let first = load.pod().await;
            let uid = first.uid().unwrap();
            let mut sigkills = 0;
            let mut alive = vec![(first.clone(), format!("POD_UID={uid}"))];
            for k in 0..kills {
                let at = load
                    .reaches(&world, load.point(&mut rng, k, kills + 1))
                    .await;
                eprintln!("kill {} of {kills} at row {at} of {rows}", k + 1);
                for (pod, mark) in alive.drain(..) {
                    if kill(&load.ns, &pod, &mark).await {
                        died_by_sigkill(&load.ns, &pod).await;
                        sigkills += 1;
                    }
                }
                // Under the dead pod's name it takes over at once, as a restarted container does. Every
                // third time there are two, each sure that the run is its own.
                let heirs = if k % 3 == 1 { 2 } else { 1 };
                for heir in 0..heirs {
                    alive.push(heir_of(&load.ns, &first, &uid, &format!("heir-{k}-{heir}")).await);
                }
            }
            load.is_whole(&world).await;
            eprintln!("{sigkills} runners died by SIGKILL");
        },
    )
    .await;
}

/// A pod like the Job's own, of the same identity, that no controller knows.
async fn heir_of(ns: &Namespace, first: &Pod, uid: &str, name: &str) -> (Pod, String) {
    let mut spec = first.spec.clone().unwrap();
    let mark = format!("E2E_HEIR={name}");
    for container in &mut spec.containers {
        let env = container.env.get_or_insert_default();
        env.retain(|v| v.name != "POD_UID");
        for (name, value) in [("POD_UID", uid), ("E2E_HEIR", name)] {
            let variable = json!({"name": name, "value": value});
            env.push(serde_json::from_value(variable).unwrap());
        }
        // The admission plugin adds its own; a second one of that name is refused.
        let mounts = container.volume_mounts.get_or_insert_default();
        mounts.retain(|m| !m.name.starts_with("kube-api-access"));
    }
    let volumes = spec.volumes.get_or_insert_default();
    volumes.retain(|v| !v.name.starts_with("kube-api-access"));
    let spec = PodSpec {
        node_name: None,
        restart_policy: Some("Never".into()),
        ..spec
    };
    let pod = json!({"metadata": {"name": name, "labels": {"e2e": "heir"}}, "spec": spec});
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let pod = ns
        .api::<Pod>()
        .create(&PostParams::default(), &pod)
        .await
        .unwrap();
    (pod, mark)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn job_whose_pod_is_killed_twice_ends_whole() {
    promise(
        "job_whose_pod_is_killed_twice_ends_whole",
        Manners::Peaceful,
        |world| async move {
            let mut rng = world.rng();
            let load = begin(&world, "twice", 12_000).await;
            for k in 0..2 {
                let at = load
                    .reaches(&world, load.point(&mut rng, k, 3).max(1))
                    .await;
                let pod = load.pod().await;
                eprintln!("pod {} killed at row {at}", pod.name_any());
                if kill(&load.ns, &pod, &format!("POD_UID={}", pod.uid().unwrap())).await {
                    died_by_sigkill(&load.ns, &pod).await;
                }
            }
            load.is_whole(&world).await;
            let done = load.ns.api::<Dataset>().get("large").await.unwrap();
            assert_eq!(
                done.status.unwrap().attempt,
                Some(1),
                "the Job itself went on"
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_platform_loses_and_doubles_nothing() {
    promise(
        "killed_platform_loses_and_doubles_nothing",
        Manners::Disturbing,
        |world| async move {
            let rows = world.scale.pick(16_000, 100_000);
            let mut rng = world.rng();
            let load = begin(&world, "platform", rows).await;
            for (k, name) in [
                "datacrowd-api-server",
                "datacrowd-operator",
                "datacrowd-api-server",
            ]
            .into_iter()
            .enumerate()
            {
                let at = load.reaches(&world, load.point(&mut rng, k, 4)).await;
                let pods: Api<Pod> = Api::namespaced(world.client.clone(), PLATFORM);
                let of = ListParams::default().labels(&format!("app.kubernetes.io/name={name}"));
                for pod in pods.list(&of).await.unwrap() {
                    eprintln!("{} deleted at row {at} of {rows}", pod.name_any());
                    pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0))
                        .await
                        .unwrap();
                }
            }
            load.is_whole(&world).await;
            both_are_ready_again(&world).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evictions_and_an_upgrade_lose_and_double_nothing() {
    promise(
        "evictions_and_an_upgrade_lose_and_double_nothing",
        Manners::Disturbing,
        |world| async move {
            let rows = world.scale.pick(20_000, 100_000);
            let mut rng = world.rng();
            let load = begin(&world, "evicted", rows).await;
            let platform: Api<Pod> = Api::namespaced(world.client.clone(), PLATFORM);
            for (k, name) in ["runner", "datacrowd-operator", "datacrowd-api-server"]
                .into_iter()
                .enumerate()
            {
                let at = load.reaches(&world, load.point(&mut rng, k, 5)).await;
                let of = ListParams::default().labels(&format!("app.kubernetes.io/name={name}"));
                let (pods, evicted) = match name {
                    "runner" => (&load.ns.api::<Pod>(), vec![load.pod().await]),
                    _ => (&platform, platform.list(&of).await.unwrap().items),
                };
                assert!(!evicted.is_empty(), "{name} has pods");
                for pod in evicted {
                    eprintln!("{} evicted at row {at} of {rows}", pod.name_any());
                    let evict = EvictParams::default();
                    pods.evict(&pod.name_any(), &evict).await.unwrap();
                }
            }
            let at = load.reaches(&world, load.point(&mut rng, 3, 5)).await;
            let at_work = load.pod().await.name_any();
            eprintln!("the release upgraded at row {at} of {rows}");
            let log = release::values().await["log"].clone();
            release::set("log=debug").await;
            load.is_whole(&world).await;
            let done = load.ns.api::<Dataset>().get("large").await.unwrap();
            assert_eq!(done.status.unwrap().attempt, Some(1), "nothing began again");
            let pods = load.ns.pods(LABEL, "large").await;
            let succeeded = pods.iter().filter(|pod| {
                let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
                phase == Some("Succeeded")
            });
            let succeeded: Vec<String> = succeeded.map(|pod| pod.name_any()).collect();
            assert_eq!(succeeded, [at_work], "the upgrade left the runner alone");
            release::set(&format!("log={}", log.as_str().unwrap())).await;
            both_are_ready_again(&world).await;
        },
    )
    .await;
}

/// The next test finds the platform as this one did.
async fn both_are_ready_again(world: &World) {
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), PLATFORM);
    for name in ["datacrowd-api-server", "datacrowd-operator"] {
        eventually(format!("{name} to be ready again"), seconds(90), || async {
            let status = deployments
                .get(name)
                .await
                .map_err(|e| e.to_string())?
                .status
                .unwrap_or_default();
            if status.ready_replicas >= status.replicas && status.unavailable_replicas.is_none() {
                Ok(())
            } else {
                Err(format!("{status:?}"))
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pods_of_one_dataset_give_way_to_each_other() {
    promise(
        "two_pods_of_one_dataset_give_way_to_each_other",
        Manners::Peaceful,
        |world| async move {
            let load = begin(&world, "two", 8_000).await;
            let first = load.pod().await;
            // Another pod with an identity of its own: it waits, then finds the run complete.
            let (rival, _) = heir_of(
                &load.ns,
                &first,
                "00000000-0000-4000-8000-000000000001",
                "rival",
            )
            .await;
            load.is_whole(&world).await;
            let rivals = load.ns.api::<Pod>();
            eventually("the rival's end", seconds(60), || async {
                let pod = rivals
                    .get(&rival.name_any())
                    .await
                    .map_err(|e| e.to_string())?;
                let phase = pod.status.and_then(|s| s.phase).unwrap_or_default();
                if phase == "Succeeded" {
                    Ok(())
                } else {
                    Err(phase)
                }
            })
            .await;
            let done = load.ns.api::<Dataset>().get("large").await.unwrap();
            assert_eq!(phase_of(&done), Some(Phase::Done));
        },
    )
    .await;
}
