//! A settled cluster is quiet: what is done, failed, suspended or waiting is written by nobody.

use std::time::Duration;

use datacrowd_crds::{
    Dataset, Export, Project,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::{Kind, Namespace},
    reviews,
    wait::seconds,
    world::{Manners, promise},
};
use futures::{StreamExt as _, future::join};
use kube::{
    ResourceExt as _,
    api::{ListParams, WatchEvent, WatchParams},
};
use serde_json::json;
use tokio::time::timeout;

use crate::specs::{dataset, export, generated, paid, ratings};

/// Without a write for this long, the cluster counts as settled.
const SETTLED: Duration = seconds(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settled_cluster_is_quiet() {
    promise(
        "settled_cluster_is_quiet",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("quiet").await;
            let put = async |name: &str, rows: usize| {
                let key = format!("{}/{name}.csv", ns.name);
                world.store.put(&key, reviews::first_items_csv(rows)).await
            };
            let project = paid(&world, &ns, "reviews", ratings(1), 8).await;
            let done = put("done", 3).await;
            ns.apply::<Dataset>("done", dataset("reviews", &done)).await;
            generated(&ns, "done", 60).await;
            let worker = world
                .rest
                .register(&format!("e2e-quiet-{}", world.run))
                .await;
            for task in worker.claim(&project, 10).await.unwrap() {
                worker.rate(&task, 0).await.expect(201);
            }
            ns.apply::<Export>("done", export("reviews", "Now")).await;
            let open = put("open", 5).await;
            ns.apply::<Dataset>("open", dataset("reviews", &open)).await;
            let mut suspended = dataset("reviews", &open);
            suspended["suspend"] = json!(true);
            ns.apply::<Dataset>("suspended", suspended).await;
            let missing = world.store.uri(&format!("{}/missing.csv", ns.name));
            ns.apply::<Dataset>("failed", dataset("reviews", &missing))
                .await;
            ns.apply::<Project>("unpaid", ratings(1)).await;
            ns.apply::<Dataset>("unpaid", dataset("unpaid", &open))
                .await;
            ns.apply::<Export>("waiting", export("unpaid", "WhenCompleted"))
                .await;

            ns.until_is::<Dataset>("done", Phase::Done, Reason::Completed, seconds(60))
                .await;
            ns.until_is::<Export>("done", Phase::Done, Reason::Exported, seconds(60))
                .await;
            generated(&ns, "open", 60).await;
            ns.until_is::<Dataset>("suspended", Phase::Waiting, Reason::Suspended, seconds(60))
                .await;
            ns.until_is::<Dataset>("failed", Phase::Failed, Reason::SourceNotFound, seconds(60))
                .await;
            ns.until_is::<Dataset>(
                "unpaid",
                Phase::Waiting,
                Reason::AwaitingPayment,
                seconds(60),
            )
            .await;
            ns.until_is::<Export>(
                "waiting",
                Phase::Waiting,
                Reason::AwaitingCompletion,
                seconds(60),
            )
            .await;

            // A Project's numbers follow the work of its people at most half a minute later.
            ns.until(
                "reviews",
                "all that was done is counted",
                seconds(90),
                |project: &Project| {
                    let status = project.status.as_ref();
                    let tasks = status.and_then(|s| s.tasks.as_ref());
                    status.and_then(|s| s.datasets) == Some(4)
                        && tasks.is_some_and(|t| (t.total, t.approved) == (8, 3))
                },
            )
            .await;

            let window = seconds(world.scale.pick(30, 120));
            let runs = join(
                stays_quiet::<Dataset>(&ns, window),
                stays_quiet::<Export>(&ns, window),
            );
            join(stays_quiet::<Project>(&ns, window), runs).await;
        },
    )
    .await;
}

/// Watches a kind: once it has settled, no write may come for `window`.
async fn stays_quiet<K: Kind>(ns: &Namespace, window: Duration) {
    let deadline = tokio::time::Instant::now() + seconds(90);
    loop {
        let Some(write) = next_write::<K>(ns, SETTLED).await else {
            break;
        };
        assert!(
            tokio::time::Instant::now() < deadline,
            "still not settled: {write}"
        );
    }
    if let Some(write) = next_write::<K>(ns, window).await {
        panic!("a settled object was written: {write}");
    }
}

/// The first write within `window`, described.
async fn next_write<K: Kind>(ns: &Namespace, window: Duration) -> Option<String> {
    let api = ns.api::<K>();
    let now = api.list(&ListParams::default()).await.unwrap();
    let version = now.metadata.resource_version.clone().unwrap();
    let quiet_for = u32::try_from(window.as_secs()).unwrap();
    let params = WatchParams::default().timeout(quiet_for + 30);
    let mut writes = api.watch(&params, &version).await.unwrap().boxed();
    let write = timeout(window, async {
        loop {
            match writes.next().await.expect("the watch ended early") {
                Ok(WatchEvent::Bookmark(_)) => {}
                other => return other,
            }
        }
    });
    match write.await.ok()?.expect("the watch failed") {
        WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) => {
            let before = now.items.iter().find(|o| o.name_any() == object.name_any());
            Some(format!(
                "{} {}\n  before {}\n  after  {}",
                K::kind(&()),
                object.name_any(),
                serde_json::to_string(&before).unwrap(),
                serde_json::to_string(&object).unwrap()
            ))
        }
        other => panic!("the watch failed: {other:?}"),
    }
}
