//! Watches that break and lag, and lists from the past, change when something is done, not what.

use std::time::Duration;

use datacrowd_crds::{
    Dataset, Export, Project,
    condition::{ConditionStatus, ConditionType, find},
    names::RETRY_AT,
};
use datacrowd_protocol::run::RunReason;
use datacrowd_testkit::{first_seed, scaled};
use futures::{StreamExt as _, stream};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use super::{
    fault_proxy::{FaultProxy, Weather},
    world::{Observed, World, table},
};

const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// What a story leaves behind: reasons with their statuses, attempts, and what was asked of the platform.
#[derive(Debug, PartialEq, Eq)]
struct End {
    resources: Vec<(String, Vec<ConditionStatus>)>,
    attempts: Option<i32>,
    jobs_made: usize,
    begun: Vec<String>,
}

async fn seen<K: Observed>(world: &World, name: &str) -> (String, Vec<ConditionStatus>) {
    let object = world.api::<K>().get(name).await.unwrap();
    let ready = find(object.conditions(), ConditionType::Ready).unwrap();
    (ready.reason.clone(), table(&object))
}

/// Creation before and after the operator's start, a failure, a retry, a pause, an export, a deletion.
async fn story(proxy: FaultProxy) -> End {
    let world = World::new("weather").await;
    world.platform.grant(100);
    world.platform.rows().export_due = false;
    world.dataset("items").await;
    let running = world.start_on(proxy).await;
    world.project("reviews").await;
    let job = world.job_of(1).await;
    world
        .platform
        .failed("items", RunReason::SourceNotFound, "There is none.");
    world.pod_exits(&job, 66, "Error", "").await;
    let _: Dataset = world.reason("items", "SourceNotFound").await;
    let annotation = json!({"metadata": {"annotations": {RETRY_AT: "now"}}});
    world.patch::<Dataset>("items", annotation).await;
    let job = world.job_of(2).await;
    world.pod_runs(&job).await;
    let suspend = |suspend: bool| json!({"spec": {"suspend": suspend}});
    world.patch::<Dataset>("items", suspend(true)).await;
    let _: Dataset = world.reason("items", "Suspended").await;
    let (pods, of_job) = (world.api::<Pod>(), format!("{JOB_NAME}={job}"));
    world
        .eventually("the pod is gone", async || {
            let of_job = ListParams::default().labels(&of_job);
            let left = pods.list(&of_job).await.unwrap();
            left.items.is_empty().then_some(())
        })
        .await;
    world.patch::<Dataset>("items", suspend(false)).await;
    world.pod_runs(&job).await;
    let _: Dataset = world.reason("items", "JobRunning").await;
    world.platform.generated("items", 5);
    world.pod_exits(&job, 0, "Completed", "").await;
    let _: Dataset = world.reason("items", "Generated").await;

    world.export("final").await;
    let _: Export = world.reason("final", "AwaitingCompletion").await;
    world.dataset("surplus").await;
    let _: Dataset = world.reason("surplus", "JobCreated").await;
    let datasets = world.api::<Dataset>();
    let deletion = DeleteParams::default();
    datasets.delete("surplus", &deletion).await.unwrap();
    world.gone::<Dataset>("surplus").await;

    for job in world.jobs().await {
        let lifetime = job.spec.and_then(|spec| spec.ttl_seconds_after_finished);
        assert!(
            lifetime.is_some(),
            "a Job stays for ever: {:?}",
            job.metadata
        );
    }
    let end = End {
        resources: vec![
            seen::<Project>(&world, "reviews").await,
            seen::<Dataset>(&world, "items").await,
            seen::<Export>(&world, "final").await,
        ],
        attempts: datasets.get("items").await.unwrap().status.unwrap().attempt,
        jobs_made: made(&running.proxy),
        begun: begun(&world),
    };
    running.stop().await;
    end
}

fn made(proxy: &FaultProxy) -> usize {
    let written = proxy.written();
    let is_job = |write: &&String| write.starts_with("POST") && write.contains("/jobs");
    written.iter().filter(is_job).count()
}

fn begun(world: &World) -> Vec<String> {
    let calls = world.platform.calls().into_iter();
    calls.filter(|call| call.starts_with("begin")).collect()
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a seed repeats a run")]
async fn broken_and_late_watches_end_where_good_ones_do() {
    let seed = first_seed().unwrap_or_else(rand::random);
    println!("TEST_SEED={seed}");
    let weather = |n: u64| Weather {
        seed: seed.wrapping_add(n << 32),
        late: [Duration::ZERO, Duration::from_millis(800)],
        breaks: n.is_multiple_of(2).then_some(4),
    };
    let calm = story(FaultProxy::open()).await;
    assert_eq!(calm.jobs_made, 3);
    let stories = (0..scaled(4, 40)).map(|n| story(FaultProxy::in_weather(weather(n))));
    let mut ends = stream::iter(stories).buffer_unordered(4);
    while let Some(end) = ends.next().await {
        assert_eq!(end, calm);
    }
}

/// How far behind the second operator's watches are.
const LAG: Duration = Duration::from_secs(6);

/// The second operator takes the Dataset for one that nobody has seen, until its watch, a few seconds late,
/// tells it better.
async fn restarted(after_success: bool) -> (usize, Vec<String>) {
    let world = World::new("stale").await;
    world.platform.grant(100);
    world.project("reviews").await;
    world.dataset("items").await;
    let first = world.start().await;
    let job = world.job_of(1).await;
    if after_success {
        world.platform.generated("items", 5);
        world.pod_exits(&job, 0, "Completed", "").await;
        let _: Dataset = world.reason("items", "Generated").await;
    }
    let now = first.proxy.clone();
    first.stop().await;
    if after_success {
        let api = world.api::<Job>();
        api.delete(&job, &DeleteParams::background()).await.unwrap();
    }

    let lag = Weather {
        seed: 1,
        late: [LAG; 2],
        breaks: None,
    };
    let second = world
        .start_on(FaultProxy::in_weather(lag).behind(&now))
        .await;
    tokio::time::sleep(LAG / 2).await;
    // On a busy machine its lists take longer.
    let looked_back = async || second.proxy.looked_back().then_some(());
    world.eventually("it saw the past", looked_back).await;
    if !after_success {
        world.platform.generated("items", 5);
        world.pod_exits(&job, 0, "Completed", "").await;
    }
    let _: Dataset = world.reason("items", "Generated").await;
    tokio::time::sleep(LAG).await;
    let _: Dataset = world.reason("items", "Generated").await;
    let jobs = made(&now) + made(&second.proxy);
    second.stop().await;
    (jobs, begun(&world))
}

#[tokio::test]
async fn an_operator_that_lists_the_past_begins_nothing_twice() {
    let (running, done) = tokio::join!(restarted(false), restarted(true));
    let once = (1, vec!["begin datasets 1".to_owned()]);
    assert_eq!((running, done), (once.clone(), once));
}
