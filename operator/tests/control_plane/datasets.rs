//! A Dataset's way to its tasks.

use std::time::Duration;

use datacrowd_crds::{
    Dataset, Project,
    condition::ConditionStatus::{False, True, Unknown},
    names::BILLING_REVISION,
};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod, events::v1::Event};
use kube::{ResourceExt, api::ListParams};
use serde_json::json;

use super::world::{World, dataset, ready, table};

#[tokio::test]
async fn a_paid_dataset_becomes_tasks() {
    let world = World::new("happy").await;
    world.platform.grant(100);
    let running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;

    let seen: Dataset = world.reason("items", "JobCreated").await;
    let job = world
        .eventually("the Job is recorded", async || {
            let dataset = world.api::<Dataset>().get("items").await.unwrap();
            dataset.status.unwrap().job_ref
        })
        .await;
    let uid = seen.uid().unwrap().replace('-', "");
    assert_eq!(job.name, format!("items-gen-{}-1", &uid[..8]));

    world.pod_runs(&job.name).await;
    let seen: Dataset = world.reason("items", "JobRunning").await;
    assert_eq!(table(&seen), [False, Unknown, True, False]);

    world.platform.generated("items", 3708);
    world.pod_exits(&job.name, 0, "Completed", "").await;
    let seen: Dataset = world.reason("items", "Generated").await;
    assert_eq!(table(&seen), [True, True, False, False]);
    let status = seen.status.unwrap();
    assert_eq!(
        (status.tasks_created, status.attempt),
        (Some(3708), Some(1))
    );
    assert_eq!(status.observed_generation, seen.metadata.generation);

    world
        .eventually("the finished Job may expire", async || {
            let job = world.api::<Job>().get(&job.name).await.unwrap();
            job.spec.unwrap().ttl_seconds_after_finished
        })
        .await;
    let told = world
        .eventually("Events tell the story", async || {
            let events = world
                .api::<Event>()
                .list(&ListParams::default())
                .await
                .unwrap();
            let told: Vec<_> = events
                .into_iter()
                .filter(|e| {
                    e.regarding
                        .as_ref()
                        .is_some_and(|r| r.kind.as_deref() == Some("Dataset"))
                })
                .filter_map(|e| e.reason)
                .collect();
            told.contains(&"Generated".to_owned()).then_some(told)
        })
        .await;
    assert_eq!(
        told.iter().filter(|r| *r == "JobCreated").count(),
        1,
        "{told:?}"
    );
    running.stop().await;
}

#[tokio::test]
async fn the_runners_pod_is_restricted_and_holds_no_platform_secret() {
    let world = World::new("pod").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await;
    let pod: Pod = world.pod(&job.name_any()).await;
    let spec = pod.spec.unwrap();
    assert_eq!(spec.automount_service_account_token, Some(false));
    let container = &spec.containers[0];
    let names: Vec<_> = container
        .env
        .iter()
        .flatten()
        .map(|e| e.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "DATACROWD_INTERNAL_URL",
            "DATACROWD_CORRELATION_ID",
            "POD_UID"
        ]
    );
    let run = world.platform.rows().datasets["items"].runs[0]
        .id
        .to_string();
    assert_eq!(
        container.args.as_deref().unwrap(),
        ["generate", "--run-id", &run]
    );
}

#[tokio::test]
async fn an_unpaid_dataset_waits_and_goes_on_by_itself() {
    let mut world = World::new("unpaid").await;
    world.settings.poll_seconds = 600;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let seen: Dataset = world.reason("items", "AwaitingPayment").await;
    assert_eq!(table(&seen), [False, Unknown, False, False]);
    assert!(world.jobs().await.is_empty());
    assert_eq!(seen.status.unwrap().attempt, None);

    world.platform.grant(100);
    // As the API server does after a payment: far sooner than the next poll.
    let annotation = json!({"metadata": {"annotations": {BILLING_REVISION: "1"}}});
    world.patch::<Project>("reviews", annotation).await;
    let _: Dataset = world.reason("items", "JobCreated").await;
}

#[tokio::test]
async fn a_suspended_dataset_begins_when_it_is_let_go() {
    let world = World::new("suspend").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    let mut body = dataset(&world.namespace, "items");
    body["spec"]["suspend"] = json!(true);
    world.create::<Dataset>(body).await;
    let _: Dataset = world.reason("items", "Suspended").await;
    assert!(world.jobs().await.is_empty());
    assert!(world.platform.calls().is_empty());

    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": false}}))
        .await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await
        .name_any();
    world.pod_runs(&job).await;
    let _: Dataset = world.reason("items", "JobRunning").await;

    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": true}}))
        .await;
    let _: Dataset = world.reason("items", "Suspended").await;
    let held = world.api::<Job>().get(&job).await.unwrap();
    assert_eq!(held.spec.unwrap().suspend, Some(true));

    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": false}}))
        .await;
    world
        .eventually("the Job goes on", async || {
            let job = world.api::<Job>().get(&job).await.unwrap();
            (job.spec.unwrap().suspend == Some(false)).then_some(())
        })
        .await;
    world.pod_runs(&job).await;
    let _: Dataset = world.reason("items", "JobRunning").await;
    assert_eq!(world.platform.calls(), ["begin datasets 1"]);
}

#[tokio::test]
async fn a_dataset_waits_for_its_project() {
    let world = World::new("noproject").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.dataset("items").await;
    let seen: Dataset = world.reason("items", "ProjectNotFound").await;
    assert!(ready(&seen).unwrap().message.contains("reviews"));
    world.project("reviews").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
}

#[tokio::test]
async fn a_paused_project_begins_nothing() {
    let world = World::new("paused").await;
    world.platform.grant(100);
    world.platform.rows().paused = true;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "ProjectPaused").await;
    world.platform.rows().paused = false;
    let _: Dataset = world.reason("items", "JobCreated").await;
}

#[tokio::test]
async fn an_unlabelled_namespace_belongs_to_no_one() {
    let world = World::unbound("unbound").await;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Project = world.reason("reviews", "NamespaceNotBound").await;
    let _: Dataset = world.reason("items", "NamespaceNotBound").await;
    assert!(world.platform.rows().project_ids.is_empty());
    world.label(Some("acme")).await;
    let seen: Project = world.reason("reviews", "Accepted").await;
    assert_eq!(seen.status.unwrap().tenant.as_deref(), Some("acme"));
}

#[tokio::test]
async fn another_namespaces_prefix_is_forbidden() {
    let world = World::new("prefix").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    let other = format!("{}b", world.namespace);
    world.create::<Dataset>(dataset(&other, "items")).await;
    let seen: Dataset = world.reason("items", "SourceForbidden").await;
    assert_eq!(table(&seen), [False, False, False, True]);
    assert!(world.platform.rows().datasets.is_empty());
}

#[tokio::test]
async fn a_run_that_rest_opened_is_taken_over() {
    let world = World::new("rest").await;
    world.platform.grant(100);
    let running = world.start().await;
    world.project("reviews").await;
    let mut body = dataset(&world.namespace, "items");
    body["spec"]["suspend"] = json!(true);
    let made = world.create::<Dataset>(body).await;
    let _: Dataset = world.reason("items", "Suspended").await;
    let run = datacrowd_protocol::internal::RunView {
        id: datacrowd_protocol::ids::RunId(uuid::Uuid::now_v7()),
        uid: made.uid().unwrap().parse().unwrap(),
        attempt: 1,
        outcome: None,
        reason: None,
        message: None,
        progressed: false,
    };
    world
        .platform
        .rows()
        .datasets
        .get_mut("items")
        .unwrap()
        .runs
        .push(run.clone());
    world
        .patch::<Dataset>("items", json!({"spec": {"suspend": false}}))
        .await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await;
    let args = job.spec.unwrap().template.spec.unwrap().containers[0]
        .args
        .clone()
        .unwrap();
    assert_eq!(args[2], run.id.to_string());
    assert!(world.platform.calls().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_cap_of_jobs_lets_the_others_queue_the_oldest_first() {
    let mut world = World::new("cap").await;
    world.platform.grant(100);
    world.settings.max_jobs_per_namespace = Some(1);
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("first").await;
    let _: Dataset = world.reason("first", "JobCreated").await;
    world.dataset("second").await;
    let _: Dataset = world.reason("second", "Queued").await;
    tokio::time::sleep(Duration::from_millis(1100)).await; // ages are in seconds
    for name in ["a-third", "z-third"] {
        world.dataset(name).await;
        let _: Dataset = world.reason(name, "Queued").await;
    }
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await
        .name_any();
    world.platform.generated("first", 1);
    world.pod_exits(&job, 0, "Completed", "").await;
    let _: Dataset = world.reason("second", "JobCreated").await;
    for name in ["a-third", "z-third"] {
        let _: Dataset = world.reason(name, "Queued").await;
    }
}
