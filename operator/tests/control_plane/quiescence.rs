//! A settled resource causes no writes.

use datacrowd_crds::{Dataset, Export, Model, Prediction, Project, Webhook};
use kube::ResourceExt;
use serde_json::json;
use std::time::Duration;

use super::world::World;

#[tokio::test]
async fn a_hundred_passes_over_settled_resources_write_nothing() {
    let world = World::new("quiet").await;
    world.platform.grant(100);
    world.platform.rows().export_due = false;
    let running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    world.dataset("stalled").await;
    world.export("final").await;
    for name in ["items", "stalled"] {
        let seen: Dataset = world.reason(name, "JobCreated").await;
        let uid = seen.uid().unwrap().replace('-', "");
        let job = format!("{name}-gen-{}-1", &uid[..8]);
        world.pod(&job).await;
        match name {
            "items" => {
                world.platform.generated(name, 1);
                world.pod_exits(&job, 0, "Completed", "").await;
                let _: Dataset = world.reason(name, "Generated").await;
            }
            _ => {
                world.pod_exits(&job, 64, "Error", "").await;
                let _: Dataset = world.reason(name, "BadInput").await;
            }
        }
    }
    let _: Export = world.reason("final", "AwaitingCompletion").await;
    world.model("voices").await;
    world.inspected("voices").await;
    world
        .patch::<Model>("voices", json!({"spec": {"replicas": 1}}))
        .await;
    world.predictors("voices", 1).await;
    world.prediction("guess").await;
    world.predicted("guess", 1).await;
    world.model("unusable").await;
    let job = world.job::<Model>("unusable").await;
    world.pod_exits(&job, 64, "Error", "").await;
    let _: Model = world.reason("unusable", "BadInput").await;
    let _: Prediction = world.reason("guess", "Predicted").await;
    let spec = serde_json::json!({"url": "https://example.com/hooks"});
    world
        .create::<Webhook>(super::webhooks::webhook("done", spec))
        .await;
    let _: Webhook = world.reason("done", "Accepted").await;
    let _: Project = world.reason("reviews", "Accepted").await;
    let quiet = async || {
        let before = running.proxy.written().len();
        tokio::time::sleep(Duration::from_secs(2)).await;
        (running.proxy.written().len() == before).then_some(before)
    };
    let before = world.eventually("it settles", quiet).await;
    for _ in 0..100 {
        running.nudge.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let written = running.proxy.written();
    assert_eq!(written[before..], [""; 0], "writes over settled resources");
    running.stop().await;
}
