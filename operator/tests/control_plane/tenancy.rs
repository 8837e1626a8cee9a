//! A namespace that changes hands.

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project, condition::ConditionStatus::False,
};
use kube::{ResourceExt, api::DeleteParams};
use serde_json::{Value, json};

use super::world::{Observed, World, ready, table};

/// A namespace of acme with everything in it, of which nothing looks again by itself for ten minutes.
async fn bound(prefix: &str) -> (World, super::world::Running) {
    let mut world = World::new(prefix).await;
    world.settings.poll_seconds = 600;
    world.platform.grant(100);
    world.platform.rows().export_due = false;
    let running = world.start().await;
    world.project("reviews").await;
    let _: Project = world.reason("reviews", "Accepted").await;
    world.dataset("items").await;
    let _: Dataset = world.reason("items", "JobCreated").await;
    world.export("final").await;
    let _: Export = world.reason("final", "AwaitingCompletion").await;
    world.model("voices").await;
    let _: Model = world.reason("voices", "JobCreated").await;
    world.prediction("guess").await;
    let _: Prediction = world.reason("guess", "ModelNotReady").await;
    (world, running)
}

fn told<K: Observed>(object: &K) -> String {
    ready(object).unwrap().message.clone()
}

/// What of a status is left besides its conditions.
fn rest<K: serde::Serialize>(status: &K) -> Value {
    let mut rest = serde_json::to_value(status).unwrap();
    rest.as_object_mut().unwrap().retain(|key, value| {
        !matches!(key.as_str(), "conditions" | "observedGeneration")
            && !value.is_null()
            && *value != json!([])
    });
    rest
}

#[tokio::test]
async fn namespace_relabelled() {
    let (world, _running) = bound("relabelled").await;
    world.label(Some("somebody-else")).await;
    let project: Project = world.reason("reviews", "NamespaceNotBound").await;
    let dataset: Dataset = world.reason("items", "NamespaceNotBound").await;
    let export: Export = world.reason("final", "NamespaceNotBound").await;
    let model: Model = world.reason("voices", "NamespaceNotBound").await;
    let prediction: Prediction = world.reason("guess", "NamespaceNotBound").await;
    assert_eq!(table(&project)[0], False);
    for message in [
        told(&project),
        told(&dataset),
        told(&export),
        told(&model),
        told(&prediction),
    ] {
        assert!(message.contains("somebody-else"), "{message}");
        assert!(
            !message.contains("acme"),
            "the tenant before is nobody's to know: {message}"
        );
        assert!(
            message.contains(&format!("kubectl -n {} delete", world.namespace)),
            "{message}"
        );
    }
    assert_eq!(
        rest(&project.status.unwrap()),
        json!({}),
        "nothing of the tenant before"
    );
    assert_eq!(rest(&dataset.status.unwrap()), json!({}));
    assert_eq!(rest(&export.status.unwrap()), json!({}));
    assert_eq!(rest(&model.status.unwrap()), json!({}));
    assert_eq!(rest(&prediction.status.unwrap()), json!({}));
    world
        .eventually("its Jobs end", async || {
            world.jobs().await.is_empty().then_some(())
        })
        .await;
    let calls = world.platform.calls();
    for kind in ["Project", "Dataset", "Export", "Model", "Prediction"] {
        let call = format!("depart {kind} somebody-else");
        assert!(calls.contains(&call), "no {call}: {calls:?}");
    }

    world.label(Some("acme")).await;
    let back: Project = world.reason("reviews", "Accepted").await;
    assert_eq!(back.status.unwrap().tenant.as_deref(), Some("acme"));
    let _: Dataset = world.reason("items", "JobCreated").await;
}

#[tokio::test]
async fn a_label_that_is_removed_is_noticed_at_once() {
    let (world, _running) = bound("unlabelled").await;
    world.label(None).await;
    let project: Project = world.reason("reviews", "NamespaceNotBound").await;
    let dataset: Dataset = world.reason("items", "NamespaceNotBound").await;
    for message in [told(&project), told(&dataset)] {
        assert!(message.contains("kubectl label namespace"), "{message}");
    }
    world
        .eventually("its Jobs end", async || {
            world.jobs().await.is_empty().then_some(())
        })
        .await;
    assert!(
        world
            .platform
            .calls()
            .contains(&"depart Dataset ".to_owned())
    );
}

#[tokio::test]
async fn a_resource_of_the_tenant_before_is_deleted_without_its_rows() {
    let (world, running) = bound("inherited").await;
    // Nothing has looked at it since the label changed.
    running.stop().await;
    world.label(Some("somebody-else")).await;
    let gone = DeleteParams::default();
    world.api::<Dataset>().delete("items", &gone).await.unwrap();
    world.api::<Export>().delete("final", &gone).await.unwrap();
    world.api::<Model>().delete("voices", &gone).await.unwrap();
    world
        .api::<Prediction>()
        .delete("guess", &gone)
        .await
        .unwrap();
    world
        .api::<Project>()
        .delete("reviews", &gone)
        .await
        .unwrap();
    let _running = world.start().await;
    world.gone::<Dataset>("items").await;
    world.gone::<Export>("final").await;
    world.gone::<Model>("voices").await;
    world.gone::<Prediction>("guess").await;
    world.gone::<Project>("reviews").await;
    let calls = world.platform.calls();
    assert!(
        !calls.iter().any(|call| call.starts_with("delete")),
        "{calls:?}"
    );
    assert!(world.jobs().await.is_empty());

    world.platform.rows().project_ids.clear();
    let anew = world.project("reviews").await;
    let seen: Project = world.reason("reviews", "Accepted").await;
    assert_eq!(seen.uid(), anew.uid());
    assert_eq!(
        seen.status.unwrap().tenant.as_deref(),
        Some("somebody-else")
    );
}
