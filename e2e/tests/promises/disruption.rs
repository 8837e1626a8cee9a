//! The platform itself is killed, evicted and upgraded, and nobody loses by it. Each runs alone; `dev/test/run` starts
//! them when the other promises have been kept.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    process::Command,
};

use datacrowd_crds::{
    Dataset, Export, Project,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::Kind as _,
    dump::PLATFORM,
    release, reviews,
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use futures::FutureExt as _;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, EvictParams, ListParams},
};

use rand::rngs::StdRng;

use crate::{
    load::{Load, begin, process_with},
    specs::{dataset, export, generated, loaded, ratings},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_platform_loses_and_doubles_nothing() {
    promise(
        "killed_platform_loses_and_doubles_nothing",
        Manners::Disturbing,
        |world| async move {
            let rows = world.scale.pick(16_000, 100_000);
            let mut rng = world.rng();
            let load = begin(&world, "platform", rows).await;
            for (k, component) in ["api-server", "operator", "api-server"]
                .into_iter()
                .enumerate()
            {
                let at = load.reaches(&world, load.point(&mut rng, k, 4)).await;
                let pods: Api<Pod> = Api::namespaced(world.client.clone(), PLATFORM);
                let of = of_component(component);
                for pod in pods.list(&of).await.unwrap() {
                    eprintln!("{} deleted at row {at} of {rows}", pod.name_any());
                    pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0))
                        .await
                        .unwrap();
                }
            }
            load.is_whole(&world).await;
            all_are_ready_again(&world).await;
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
            and_put_back("log", upgraded_and_evicted(&world, &load, &mut rng)).await;
            all_are_ready_again(&world).await;
        },
    )
    .await;
}

async fn upgraded_and_evicted(world: &World, load: &Load, rng: &mut StdRng) {
    upgraded(world, load, rng).await;
    let platform: Api<Pod> = Api::namespaced(world.client.clone(), PLATFORM);
    for (k, component) in ["runner", "operator", "api-server"].into_iter().enumerate() {
        let at = load.reaches(world, load.point(rng, k + 1, 6)).await;
        let of = of_component(component);
        let (pods, evicted) = match component {
            "runner" => (&load.ns.api::<Pod>(), vec![load.pod().await]),
            _ => (&platform, platform.list(&of).await.unwrap().items),
        };
        assert!(!evicted.is_empty(), "{component} has pods");
        for pod in evicted {
            eprintln!("{} evicted at row {at} of {}", pod.name_any(), load.rows);
            let evict = EvictParams::default();
            pods.evict(&pod.name_any(), &evict).await.unwrap();
        }
    }
    load.is_whole(world).await;
    let done = load.ns.api::<Dataset>().get("large").await.unwrap();
    assert_eq!(done.status.unwrap().attempt, Some(1), "nothing began again");
}

/// Upgrades the release while a runner is in the middle. It loads faster than Helm rolls out: where its process is
/// seen from here, it is held until the upgrade is done.
async fn upgraded(world: &World, load: &Load, rng: &mut StdRng) {
    let at = load.reaches(world, load.point(rng, 0, 6)).await;
    let pod = load.pod().await;
    let held = process_with(&format!("POD_UID={}", pod.uid().unwrap()));
    if let Some(process) = &held {
        signal("STOP", process);
    }
    eprintln!(
        "the release upgraded at row {at} of {}, process held: {held:?}",
        load.rows
    );
    release::set("log=debug").await;
    if let Some(process) = &held {
        let before = loaded(world, &load.id).await;
        assert!(before < load.rows as i64, "it is in the middle still");
        signal("CONT", process);
        load.reaches(world, before + 1).await;
        let pods = load.ns.api::<Pod>().list(&ListParams::default()).await;
        let pods: Vec<_> = pods.unwrap().iter().map(ResourceExt::uid).collect();
        assert_eq!(pods, [pod.uid()], "the same runner goes on");
    }
}

fn of_component(component: &str) -> ListParams {
    let name = "app.kubernetes.io/name=datacrowd";
    ListParams::default().labels(&format!("{name},app.kubernetes.io/component={component}"))
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), process])
        .status();
    assert!(sent.unwrap().success(), "SIG{name} to {process}");
}

/// The same installation, upgraded to `billing.mode: Disabled` and back: nobody pays for anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_billing_kubectl_apply_is_all_it_takes() {
    promise(
        "without_billing_kubectl_apply_is_all_it_takes",
        Manners::Disturbing,
        |world| async move {
            and_put_back("billing.mode", async {
                release::set("billing.mode=Disabled").await;
                unpaid_and_done(&world).await;
            })
            .await;
        },
    )
    .await;
}

/// Rows of the file that nobody pays for.
const ROWS: usize = 6;

async fn unpaid_and_done(world: &World) {
    let ns = world.namespace("free").await;
    let key = format!("{}/items.csv", ns.name);
    let uri = world.store.put(&key, reviews::first_items_csv(ROWS)).await;
    ns.apply::<Project>("reviews", ratings(1)).await;
    ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
    ns.apply::<Export>("final", export("reviews", "WhenCompleted"))
        .await;
    generated(&ns, "items", 60).await;
    let project: Project = ns
        .until_is("reviews", Phase::Done, Reason::Accepted, seconds(10))
        .await;
    let id = project.id().unwrap();
    let worker = world
        .rest
        .register(&format!("e2e-free-{}", world.run))
        .await;
    for task in worker.claim(id, 10).await.unwrap() {
        worker.rate(&task, 3).await.expect(201);
    }
    ns.until_is::<Dataset>("items", Phase::Done, Reason::Completed, seconds(60))
        .await;
    let done: Export = ns
        .until_is("final", Phase::Done, Reason::Exported, seconds(90))
        .await;
    assert_eq!(done.status.unwrap().rows, Some(ROWS as i64));
}

/// The next test finds the platform as this one did.
async fn all_are_ready_again(world: &World) {
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), PLATFORM);
    for name in [
        "datacrowd-api-server",
        "datacrowd-operator",
        "datacrowd-dispatcher",
    ] {
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

/// Does something with the release that changes one of its values, and puts that back whatever happens.
async fn and_put_back(key: &str, something: impl Future<Output = ()>) {
    let pointer = format!("/{}", key.replace('.', "/"));
    let values = release::values().await;
    let before = values.pointer(&pointer).unwrap().as_str().unwrap();
    let outcome = AssertUnwindSafe(something).catch_unwind().await;
    release::set(&format!("{key}={before}")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
