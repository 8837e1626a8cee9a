//! What follows an attempt that failed.

use datacrowd_crds::{
    Dataset,
    condition::ConditionStatus::{False, True},
    names::RETRY_AT,
};
use datacrowd_protocol::{internal::DatasetState, run::RunReason};
use k8s_openapi::api::batch::v1::Job;
use kube::{ResourceExt, api::DeleteParams};
use serde_json::json;

use super::world::{World, ready, table};

async fn started(world: &World) -> String {
    world.platform.grant(100);
    world.project("reviews").await;
    world.dataset("items").await;
    world.job_of(1).await
}

#[tokio::test]
async fn a_permanent_failure_stalls_until_someone_asks_for_a_retry() {
    let world = World::new("retry").await;
    let _running = world.start().await;
    let job = started(&world).await;
    world.platform.failed(
        "items",
        RunReason::SourceNotFound,
        "There is no such object.",
    );
    world.pod_exits(&job, 66, "Error", "").await;
    let seen: Dataset = world.reason("items", "SourceNotFound").await;
    assert_eq!(table(&seen), [False, False, False, True]);
    assert_eq!(
        ready(&seen).unwrap().message,
        format!(
            "There is no such object. Then ask for another attempt: \
             kubectl -n {} annotate dataset items --overwrite datacrowd.io/retry-at=$(date +%s)",
            world.namespace
        )
    );

    let annotation = json!({"metadata": {"annotations": {RETRY_AT: "now"}}});
    world.patch::<Dataset>("items", annotation).await;
    let job = world.job_of(2).await;
    assert!(job.ends_with("-2"));
    world.platform.generated("items", 5);
    world.pod_exits(&job, 0, "Completed", "").await;
    let seen: Dataset = world.reason("items", "Generated").await;
    assert_eq!(table(&seen), [True, True, False, False]);
    assert_eq!(
        seen.status.unwrap().observed_retry_at.as_deref(),
        Some("now")
    );
    assert_eq!(
        world.platform.calls(),
        ["begin datasets 1", "begin datasets 2"]
    );
}

#[tokio::test]
async fn a_retry_that_was_asked_for_before_is_not_taken_for_a_new_one() {
    let world = World::new("oldretry").await;
    let _running = world.start().await;
    world.platform.grant(100);
    world.project("reviews").await;
    let mut body = super::world::dataset(&world.namespace, "items");
    body["metadata"]["annotations"] = json!({RETRY_AT: "long ago"});
    world.create::<Dataset>(body).await;
    let job = world.job_of(1).await;
    world
        .platform
        .failed("items", RunReason::BadInput, "Not a CSV file.");
    world.pod_exits(&job, 64, "Error", "").await;
    let seen: Dataset = world.reason("items", "BadInput").await;
    assert_eq!(seen.status.unwrap().attempt, Some(1));
}

#[tokio::test]
async fn another_limit_of_invalid_rows_is_another_chance() {
    let world = World::new("limit").await;
    let _running = world.start().await;
    let job = started(&world).await;
    world.platform.failed(
        "items",
        RunReason::TooManyInvalidRows,
        "11 rows were refused.",
    );
    world.pod_exits(&job, 64, "Error", "").await;
    let _: Dataset = world.reason("items", "TooManyInvalidRows").await;
    world
        .patch::<Dataset>("items", json!({"spec": {"maxInvalidRows": 20}}))
        .await;
    world.job_of(2).await;
}

#[tokio::test]
async fn a_failure_that_no_one_reported_is_reported_by_the_operator() {
    let world = World::new("silent").await;
    let _running = world.start().await;
    let job = started(&world).await;
    let said = json!({"outcome": "Failed", "reason": "BadInput", "message": "Line 3 has no quote.", "rows": 0, "rejected": 0});
    world.pod_exits(&job, 64, "Error", &said.to_string()).await;
    let seen: Dataset = world.reason("items", "BadInput").await;
    let namespace = seen.metadata.namespace.as_deref().unwrap();
    assert_eq!(
        ready(&seen).unwrap().message,
        format!(
            "Line 3 has no quote. Once a corrected file is in its place, ask for another attempt: kubectl -n {namespace} annotate dataset items --overwrite datacrowd.io/retry-at=$(date +%s)"
        )
    );
    assert_eq!(
        world.platform.calls(),
        ["begin datasets 1", "failed datasets 1 BadInput"]
    );
}

#[tokio::test]
async fn a_job_that_vanished_is_followed_by_another_attempt() {
    let world = World::new("lost").await;
    let _running = world.start().await;
    let job = started(&world).await;
    world
        .api::<Job>()
        .delete(&job, &DeleteParams::background())
        .await
        .unwrap();
    world.job_of(2).await;
    assert_eq!(
        world.platform.calls(),
        [
            "begin datasets 1",
            "failed datasets 1 JobLost",
            "begin datasets 2"
        ]
    );
}

#[tokio::test]
async fn a_run_out_of_quota_waits_for_payment_and_goes_on() {
    let world = World::new("quota").await;
    let _running = world.start().await;
    let job = started(&world).await;
    world.platform.rows().quota = 0;
    world
        .platform
        .failed("items", RunReason::QuotaExceeded, "The quota ended.");
    world.pod_exits(&job, 69, "Error", "").await;
    let seen: Dataset = world.reason("items", "QuotaExceeded").await;
    assert_eq!(ready(&seen).unwrap().status, False);
    assert_eq!(seen.status.unwrap().attempt, Some(1));
    world.platform.grant(100);
    world.job_of(2).await;
}

#[tokio::test]
async fn a_foreign_job_of_the_same_name_is_left_alone() {
    let world = World::new("foreign").await;
    world.platform.grant(100);
    world.project("reviews").await;
    let made = world.dataset("items").await;
    let uid = made.uid().unwrap().replace('-', "");
    let name = format!("items-gen-{}-1", &uid[..8]);
    world
        .create::<Job>(json!({
            "metadata": {"name": name},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}}},
        }))
        .await;
    let _running = world.start().await;
    let _: Dataset = world.reason("items", "NameConflict").await;
    let job = world.api::<Job>().get(&name).await.unwrap();
    assert!(job.owner_references().is_empty() && job.metadata.deletion_timestamp.is_none());
}

#[tokio::test]
async fn a_job_that_the_namespace_refuses_waits_for_room() {
    use k8s_openapi::api::core::v1::ResourceQuota;
    let world = World::new("full").await;
    world.platform.grant(100);
    world
        .create::<ResourceQuota>(json!({
            "metadata": {"name": "none"}, "spec": {"hard": {"count/jobs.batch": "0"}},
        }))
        .await;
    let running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world
        .eventually("the quota is named", async || {
            let dataset = world.api::<Dataset>().get("items").await.unwrap();
            let is_named = ready(&dataset)?.message.ends_with("exceeded quota: none");
            let state = dataset.status.as_ref()?.state;
            (is_named && state == Some(DatasetState::Generating)).then_some(dataset)
        })
        .await;
    let before = running.proxy.written();
    for _ in 0..20 {
        running.nudge.send(()).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let written = running.proxy.written();
    let patched = written[before.len()..]
        .iter()
        .any(|w| w.starts_with("PATCH"));
    assert!(!patched, "the status flaps: {written:?}");
    world
        .api::<ResourceQuota>()
        .delete("none", &DeleteParams::default())
        .await
        .unwrap();
    world.job_of(1).await;
}

#[tokio::test]
async fn a_quota_on_pods_is_named_within_seconds_and_its_end_noticed() {
    use k8s_openapi::api::core::v1::ResourceQuota;
    let world = World::new("podless").await;
    world.platform.grant(100);
    world
        .create::<ResourceQuota>(json!({
            "metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}},
        }))
        .await;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let began = std::time::Instant::now();
    let named: Dataset = world.reason("items", "JobPending").await;
    // The operator itself would ask for a minute's patience before it suspects anything.
    assert!(began.elapsed() < std::time::Duration::from_secs(30));
    let message = ready(&named).unwrap().message.clone();
    assert!(message.contains("exceeded quota: small"), "{message}");
    let command = format!("kubectl -n {} describe job items-gen-", world.namespace);
    assert!(message.contains(&command), "{message}");
    assert!(!message.contains("used:"), "numbers would flap: {message}");
}

#[tokio::test]
async fn an_attempt_that_came_further_is_followed_by_another() {
    let world = World::new("progress").await;
    let _running = world.start().await;
    let job = started(&world).await;
    world
        .platform
        .rows()
        .datasets
        .get_mut("items")
        .unwrap()
        .runs[0]
        .progressed = true;
    world
        .platform
        .failed("items", RunReason::OutOfMemory, "Killed.");
    assert_ne!(world.job_of(2).await, job);
}
