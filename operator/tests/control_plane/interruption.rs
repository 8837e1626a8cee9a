//! The operator may die after any write: the next one ends where an undisturbed one would have.

use std::sync::atomic::Ordering;

use datacrowd_crds::Dataset;
use kube::ResourceExt;

use super::{fault_proxy::FaultProxy, world::World};

/// Writes of an undisturbed run from the first sight to the recorded Job, Events included.
const CUTS: i64 = 12;

#[tokio::test]
async fn a_cut_after_any_write_starts_no_second_job() {
    let mut runs = Vec::new();
    for cut in 0..CUTS {
        runs.push(interrupted(cut));
    }
    for end in futures::future::join_all(runs).await {
        assert_eq!(end, (Some(1), 1, vec!["begin datasets 1".to_owned()]));
    }
}

async fn interrupted(cut: i64) -> (Option<i32>, usize, Vec<String>) {
    let world = World::new(&format!("cut{cut}")).await;
    world.platform.grant(100);
    world.project("reviews").await;
    world.dataset("items").await;
    let proxy = FaultProxy::open();
    proxy.left.store(cut, Ordering::SeqCst);
    let first = world.start_on(proxy.clone()).await;
    world
        .eventually("the proxy is cut or the Job is recorded", async || {
            let dataset = world.api::<Dataset>().get("items").await.unwrap();
            let recorded = dataset.status.is_some_and(|s| s.job_ref.is_some());
            (recorded || proxy.left.load(Ordering::SeqCst) == 0).then_some(())
        })
        .await;
    first.kill();

    let _second = world.start().await;
    let job = world
        .eventually("the Job is recorded", async || {
            let dataset = world.api::<Dataset>().get("items").await.unwrap();
            dataset.status?.job_ref
        })
        .await;
    world.platform.generated("items", 7);
    world.pod_exits(&job.name, 0, "Completed", "").await;
    let seen: Dataset = world.reason("items", "Generated").await;
    assert!(
        seen.finalizers()
            .iter()
            .any(|f| f == "datacrowd.io/cleanup")
    );
    let status = seen.status.unwrap();
    (
        status.attempt,
        world.jobs().await.len(),
        world.platform.calls(),
    )
}
