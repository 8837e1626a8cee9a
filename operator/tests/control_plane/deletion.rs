//! How resources go.

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project,
    names::{DELETE_ROWS, SKIP_CLEANUP},
};
use kube::{ResourceExt, api::DeleteParams};
use serde_json::json;

use super::world::{World, ready};

#[tokio::test]
async fn a_dataset_goes_after_its_runners_and_its_rows() {
    let world = World::new("delete").await;
    world.platform.grant(100);
    let _running = world.start().await;
    let mut body = super::world::project("reviews");
    body["spec"]["deletionPolicy"] = json!("Delete");
    world.create::<Project>(body).await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let job = world
        .eventually("a Job", async || world.jobs().await.pop())
        .await;
    world.pod(&job.name_any()).await;

    world
        .api::<Dataset>()
        .delete("items", &DeleteParams::default())
        .await
        .unwrap();
    world.gone::<Dataset>("items").await;
    assert!(
        world.jobs().await.is_empty(),
        "the Job outlived its Dataset"
    );
    let calls = world.platform.calls();
    let gone = "delete datasets Delete";
    let deleted = calls.iter().position(|call| call == gone);
    let (before, after) = calls.split_at(deleted.expect("the platform is told"));
    assert_eq!(before[0], "begin datasets 1");
    assert!(before.len() > 1, "nothing goes unfenced: {calls:?}");
    assert!(before[1..].iter().all(|call| call == "fence"), "{calls:?}");
    // A pass that still sees the finalizer says both again.
    assert!(
        after.iter().all(|call| call == "fence" || call == gone),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_dataset_takes_its_rows_along_when_the_annotation_names_them() {
    let world = World::new("rows").await;
    let _running = world.start().await;
    world.project("reviews").await;
    let mine = |id: &str| json!({"metadata": {"annotations": {DELETE_ROWS: id}}});
    for (name, own, policy) in [("items", true, "Delete"), ("others", false, "Retain")] {
        world.dataset(name).await;
        let seen: Dataset = world.reason(name, "AwaitingPayment").await;
        let id = match own {
            true => seen.status.unwrap().id.unwrap(),
            false => uuid::Uuid::nil().to_string(),
        };
        world.patch::<Dataset>(name, mine(&id)).await;
        world
            .api::<Dataset>()
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
        world.gone::<Dataset>(name).await;
        let calls = world.platform.calls();
        let last = calls.iter().rfind(|call| call.starts_with("delete"));
        assert_eq!(
            last,
            Some(&format!("delete datasets {policy}")),
            "{calls:?}"
        );
    }
}

/// The operator's half of the case identity_changed_remedy.
#[tokio::test]
async fn identity_changed_remedy() {
    let world = World::new("identity").await;
    world.platform.rows().identity_changed = true;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "IdentityChanged").await;
    let old = uuid::Uuid::now_v7().to_string();
    let annotation = json!({"metadata": {"annotations": {DELETE_ROWS: old}}});
    world.patch::<Dataset>("items", annotation).await;
    let _: Dataset = world.reason("items", "AwaitingPayment").await;
    assert!(world.platform.calls().contains(&format!("discard {old}")));
}

#[tokio::test]
async fn rows_that_were_taken_over_wait_for_payment_and_go_on_by_themselves() {
    let world = World::new("unpaid").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    world.platform.rows().unpaid = true;
    world.platform.generated("items", 3);
    let seen: Dataset = world.reason("items", "AwaitingPayment").await;
    assert!(ready(&seen).unwrap().message.contains("taken over"));
    world.platform.rows().unpaid = false;
    let _: Dataset = world.reason("items", "Generated").await;
}

#[tokio::test]
async fn a_project_in_use_stays_and_says_who_uses_it() {
    let world = World::new("inuse").await;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    world.export("final").await;
    world.model("voices").await;
    world.prediction("guess").await;
    let _: Dataset = world.reason("items", "AwaitingPayment").await;
    let _: Prediction = world.reason("guess", "ModelNotReady").await;
    world
        .api::<Project>()
        .delete("reviews", &DeleteParams::default())
        .await
        .unwrap();
    let seen: Project = world.reason("reviews", "InUse").await;
    assert!(
        ready(&seen)
            .unwrap()
            .message
            .ends_with("dataset/items, export/final, model/voices, prediction/guess")
    );
    world
        .api::<Dataset>()
        .delete("items", &DeleteParams::default())
        .await
        .unwrap();
    world
        .api::<Export>()
        .delete("final", &DeleteParams::default())
        .await
        .unwrap();
    world
        .api::<Model>()
        .delete("voices", &DeleteParams::default())
        .await
        .unwrap();
    world
        .api::<Prediction>()
        .delete("guess", &DeleteParams::default())
        .await
        .unwrap();
    world.gone::<Project>("reviews").await;
    // A pass that still sees a finalizer says a deletion again: the first of each counts.
    let calls = world.platform.calls();
    let first = |call: &str| {
        let made = calls.iter().position(|made| made.starts_with(call));
        made.unwrap_or_else(|| panic!("no {call}: {calls:?}"))
    };
    let project = first("delete projects Retain");
    assert!(project > first("delete datasets"), "{calls:?}");
    for kind in ["exports", "models", "predictions"] {
        let call = format!("delete {kind}");
        assert!(project > first(&call), "{call}: {calls:?}");
    }
}

#[tokio::test]
async fn a_dataset_waits_for_the_platform_or_for_the_annotation() {
    let world = World::new("cleanup").await;
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "AwaitingPayment").await;
    world.platform.rows().down = true;
    world
        .api::<Dataset>()
        .delete("items", &DeleteParams::default())
        .await
        .unwrap();
    let seen: Dataset = world.reason("items", "CleanupFailed").await;
    assert!(ready(&seen).unwrap().message.contains(SKIP_CLEANUP));
    let annotation = json!({"metadata": {"annotations": {SKIP_CLEANUP: "true"}}});
    world.patch::<Dataset>("items", annotation).await;
    world.gone::<Dataset>("items").await;
}

#[tokio::test]
async fn a_whole_namespace_goes() {
    use k8s_openapi::api::core::v1::Namespace;
    let world = World::new("whole").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    let namespaces: kube::Api<Namespace> = kube::Api::all(world.client.clone());
    namespaces
        .delete(&world.namespace, &DeleteParams::default())
        .await
        .unwrap();
    world
        .eventually("the namespace is gone", async || {
            namespaces
                .get_opt(&world.namespace)
                .await
                .unwrap()
                .is_none()
                .then_some(())
        })
        .await;
    assert!(world.platform.rows().datasets.is_empty());
}
