//! What a pass costs where nothing happens: at most two calls, those of Kubernetes and of the platform together. With
//! ten thousand resources at rest, that is what the operator costs.

use std::time::Duration;

use datacrowd_crds::{Dataset, Project, names::QUEUE_LABEL};
use datacrowd_protocol::{internal::ProjectState, run::RunReason};
use k8s_openapi::api::batch::v1::Job;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::world::{Running, World, dataset};

/// Most calls of a pass over a Dataset that is settled or waits.
const MOST: usize = 2;

/// A namespace of which nothing looks again by itself for hours.
async fn world() -> World {
    let mut world = World::new("calls").await;
    world.settings.poll_seconds = 36_000;
    world
}

/// Every call so far that is about Datasets. The pass over the one Project is its upsert.
fn calls(world: &World, running: &Running) -> [Vec<String>; 2] {
    let mut platform = world.platform.rows().asked.clone();
    platform.retain(|call| call != "PUT /internal/projects");
    [running.proxy.asked(), platform]
}

/// The calls of one pass over the Dataset that is there.
async fn of_a_pass(world: &World, running: &Running) -> Vec<String> {
    let quiet = async || {
        let before = calls(world, running);
        tokio::time::sleep(Duration::from_secs(2)).await;
        (calls(world, running) == before).then_some(before)
    };
    let before = world.eventually("it settles", quiet).await;
    running.nudge.send(()).unwrap();
    let passed = async || (calls(world, running) != before).then_some(());
    world.eventually("a pass", passed).await;
    let after = world.eventually("the pass ends", quiet).await;
    let new = after.iter().zip(&before).map(|(a, b)| &a[b.len()..]);
    new.flatten().cloned().collect()
}

/// Whether a pass over the Dataset `items` makes few calls.
async fn is_cheap(world: &World, running: &Running, reason: &str) {
    let _: Dataset = world.reason("items", reason).await;
    let made = of_a_pass(world, running).await;
    assert!(made.len() <= MOST, "{reason}: {made:#?}");
}

async fn with_project(world: &World) {
    world.project("reviews").await;
    let _: Project = world.reason("reviews", "Accepted").await;
}

async fn with_dataset(world: &World, change: impl FnOnce(&mut Value)) {
    let mut body = dataset(&world.namespace, "items");
    change(&mut body);
    world.create::<Dataset>(body).await;
}

/// A Dataset of which the Job is recorded, and the name of it.
async fn with_job() -> (World, Running, String) {
    let world = world().await;
    world.platform.grant(100);
    let running = world.start().await;
    with_project(&world).await;
    with_dataset(&world, |_| {}).await;
    let job = world.job_of(1).await;
    (world, running, job)
}

#[tokio::test]
async fn a_dataset_that_waits_costs_two_calls_a_pass() {
    let world = world().await;
    let running = world.start().await;
    with_dataset(&world, |_| {}).await;
    is_cheap(&world, &running, "ProjectNotFound").await;
    with_project(&world).await;
    is_cheap(&world, &running, "AwaitingPayment").await;
    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": true}}))
        .await;
    is_cheap(&world, &running, "Suspended").await;
    world.platform.rows().paused = true;
    running.nudge.send(()).unwrap();
    world
        .eventually("the Project is paused", async || {
            let project = world.api::<Project>().get("reviews").await.unwrap();
            (project.status?.state == Some(ProjectState::Paused)).then_some(())
        })
        .await;
    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": false}}))
        .await;
    is_cheap(&world, &running, "ProjectPaused").await;
    world.label(None).await;
    is_cheap(&world, &running, "NamespaceNotBound").await;
}

#[tokio::test]
async fn a_dataset_that_waits_for_a_place_costs_two_calls_a_pass() {
    let mut world = world().await;
    world.platform.grant(100);
    world.settings.max_jobs_per_namespace = Some(0);
    let running = world.start().await;
    with_project(&world).await;
    with_dataset(&world, |_| {}).await;
    is_cheap(&world, &running, "Queued").await;
}

#[tokio::test]
async fn a_dataset_that_waits_for_its_queue_costs_two_calls_a_pass() {
    let world = world().await;
    world.platform.grant(100);
    let running = world.start().await;
    with_project(&world).await;
    with_dataset(&world, |body| {
        body["metadata"]["labels"] = json!({QUEUE_LABEL: "lab"});
    })
    .await;
    is_cheap(&world, &running, "Queued").await;
}

#[tokio::test]
async fn a_job_that_starts_wakes_nobody_before_it_says_something() {
    let (world, running, job) = with_job().await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let jobs = world.api::<Job>();
    world
        .eventually("the Job has its pod", async || {
            let status = jobs.get(&job).await.unwrap().status?;
            (status.active == Some(1)).then_some(())
        })
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let asked = running.proxy.asked();
    let read = format!("/jobs/{job}");
    let reads = asked.iter().filter(|call| call.contains(&read));
    assert_eq!(reads.count(), 0, "{asked:#?}");
}

#[tokio::test]
async fn a_dataset_that_failed_costs_two_calls_a_pass() {
    let (world, running, job) = with_job().await;
    let platform = &world.platform;
    platform.failed("items", RunReason::SourceNotFound, "There is none.");
    world.pod_exits(&job, 66, "Error", "").await;
    is_cheap(&world, &running, "SourceNotFound").await;
}

#[tokio::test]
async fn a_dataset_that_is_done_costs_two_calls_a_pass_and_one_when_its_job_is_gone() {
    let (world, running, job) = with_job().await;
    world.platform.generated("items", 5);
    world.pod_exits(&job, 0, "Completed", "").await;
    is_cheap(&world, &running, "Generated").await;
    world
        .api::<Job>()
        .delete(&job, &DeleteParams::background())
        .await
        .unwrap();
    let made = of_a_pass(&world, &running).await;
    assert_eq!(made, ["PUT /internal/datasets"]);
}
