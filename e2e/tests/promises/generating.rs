//! Loading under fire: whatever is killed, however often, N rows become N tasks.

use std::process::Command;

use datacrowd_crds::{Dataset, condition::Phase};
use datacrowd_e2e::{
    cluster::{Namespace, phase_of},
    wait::{eventually, seconds},
    world::{Manners, promise},
};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, PostParams},
};
use serde_json::json;

use crate::load::{begin, process_with};

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
