//! An Export's way to its file.

use datacrowd_crds::{Export, Project, condition::ConditionStatus::True, names::BILLING_REVISION};
use kube::ResourceExt;
use serde_json::json;

use super::world::{World, ready, table};

#[tokio::test]
async fn an_export_that_is_due_becomes_a_file() {
    let world = World::new("export").await;
    world.platform.rows().export_due = false;
    let _running = world.start().await;
    world.project("reviews").await;
    world.export("final").await;
    let seen: Export = world.reason("final", "AwaitingCompletion").await;
    assert_eq!(
        ready(&seen).unwrap().message,
        "The Export waits for the completion of Dataset \"items\"; it goes on by itself."
    );
    assert!(world.jobs().await.is_empty());

    world.platform.rows().export_due = true;
    let _: Export = world.reason("final", "JobCreated").await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await;
    assert!(job.name_any().starts_with("final-exp-"));
    let args = job
        .spec
        .as_ref()
        .unwrap()
        .template
        .spec
        .as_ref()
        .unwrap()
        .containers[0]
        .args
        .clone();
    assert_eq!(args.unwrap()[0], "export");
    world
        .platform
        .rows()
        .exports
        .get_mut("final")
        .unwrap()
        .ready = true;
    world.pod_exits(&job.name_any(), 0, "Completed", "").await;
    let seen: Export = world.reason("final", "Exported").await;
    assert_eq!(table(&seen)[..2], [True, True]);
}

#[tokio::test]
async fn an_export_of_a_tenant_in_debt_waits_and_goes_on_by_itself() {
    let mut world = World::new("debt").await;
    world.settings.poll_seconds = 600;
    world.platform.rows().debt = 3;
    let _running = world.start().await;
    world.project("reviews").await;
    world.export("final").await;
    let seen: Export = world.reason("final", "AwaitingPayment").await;
    assert_eq!(
        ready(&seen).unwrap().message,
        "The tenant owes 3 judgements; buy them."
    );
    assert!(world.jobs().await.is_empty());

    world.platform.rows().debt = 0;
    let annotation = json!({"metadata": {"annotations": {BILLING_REVISION: "1"}}});
    world.patch::<Project>("reviews", annotation).await;
    let _: Export = world.reason("final", "JobCreated").await;
}

#[tokio::test]
async fn a_dataset_that_changes_wakes_the_export_that_waits_for_it() {
    let mut world = World::new("wake").await;
    // No poll comes in the time of this test.
    world.settings.poll_seconds = 3600;
    world.platform.rows().export_due = false;
    let _running = world.start().await;
    world.project("reviews").await;
    world.export("final").await;
    let _: Export = world.reason("final", "AwaitingCompletion").await;

    world.platform.rows().export_due = true;
    world.dataset("items").await;
    let _: Export = world.reason("final", "JobCreated").await;
}
