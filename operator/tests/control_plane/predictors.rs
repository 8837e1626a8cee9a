//! What keeps a Model loaded, and what an Inbox makes of it.

use std::time::Duration;

use datacrowd_crds::{Dataset, Model};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{ResourceExt, api::ListParams};
use serde_json::{Value, json};

use super::world::{World, ready};

impl World {
    async fn deployments(&self) -> Vec<Deployment> {
        let deployments = self.api::<Deployment>();
        let all = deployments.list(&ListParams::default()).await;
        all.unwrap().items
    }

    /// The Deployment of a Model, once it asks for so many predictors and the Model says so.
    pub async fn predictors(&self, model: &str, replicas: i32) -> Deployment {
        self.eventually(&format!("{model} has {replicas} predictors"), async || {
            let seen = self.api::<Model>().get(model).await.unwrap();
            let told = seen.status.and_then(|status| status.predictors);
            let found = self.deployments().await.into_iter();
            let mut found = found.filter(|d| d.spec.as_ref().unwrap().replicas == Some(replicas));
            found.next().filter(|_| told == Some(replicas))
        })
        .await
    }
}

fn inbox(name: &str) -> Value {
    json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset",
        "metadata": {"name": name},
        "spec": {"projectRef": {"name": "reviews"}, "source": {"format": "Inbox"}},
    })
}

#[tokio::test]
async fn a_model_is_kept_loaded_by_as_many_predictors_as_it_asks_for() {
    let world = World::new("warm").await;
    let running = world.start().await;
    world.project("reviews").await;
    world.model("voices").await;
    let replicas = |n: i32| json!({"spec": {"replicas": n}});
    world.patch::<Model>("voices", replicas(2)).await;
    world.job::<Model>("voices").await;
    let looks_by = world.jobs().await.remove(0);
    assert!(
        world.deployments().await.is_empty(),
        "its file is not known yet"
    );
    let model = world.inspected("voices").await;
    let found = world.predictors("voices", 2).await;

    assert!(found.name_any().starts_with("voices-serve-"));
    let owner = &found.owner_references()[0];
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("Model", "voices")
    );
    let template = found.spec.clone().unwrap().template;
    let labels = template.metadata.unwrap().labels.unwrap();
    let pod = template.spec.unwrap();
    assert_eq!(labels["app.kubernetes.io/component"], "inference");
    let of_job = looks_by.spec.unwrap().template.spec.unwrap();
    let (serves, looks) = (&pod.containers[0], &of_job.containers[0]);
    assert_eq!(serves.image, looks.image);
    assert_eq!(serves.resources, looks.resources);
    assert_eq!(serves.security_context, looks.security_context);
    assert_eq!(pod.security_context, of_job.security_context);
    assert_eq!(pod.automount_service_account_token, Some(false));
    let id = model.status.unwrap().id.unwrap();
    assert_eq!(serves.args.clone().unwrap(), ["serve", "--model-id", &id]);

    for _ in 0..5 {
        running.nudge.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let again = world.predictors("voices", 2).await;
    assert_eq!(again.metadata.generation, found.metadata.generation);
    world.patch::<Model>("voices", replicas(1)).await;
    world.predictors("voices", 1).await;
    world.patch::<Model>("voices", replicas(0)).await;
    world
        .eventually("the predictors are gone", async || {
            let seen = world.api::<Model>().get("voices").await.unwrap();
            let told = seen.status.and_then(|status| status.predictors);
            (told.is_none() && world.deployments().await.is_empty()).then_some(())
        })
        .await;
}

#[tokio::test]
async fn an_inbox_waits_for_a_warm_model_and_runs_no_job() {
    let world = World::new("inbox").await;
    let running = world.start().await;
    world.project("reviews").await;
    world.create::<Dataset>(inbox("calls")).await;
    let seen: Dataset = world.reason("calls", "NoWarmModel").await;
    let message = &ready(&seen).unwrap().message;
    assert!(message.contains("spec.replicas"), "{message}");
    world.platform.rows().warm_models = 1;
    running.nudge.send(()).unwrap();
    let _: Dataset = world.reason("calls", "TakingItems").await;
    let suspend = json!({"spec": {"suspend": true}});
    world.patch::<Dataset>("calls", suspend).await;
    let _: Dataset = world.reason("calls", "Suspended").await;
    let mut gold = inbox("odd");
    gold["spec"]["batchSize"] = json!(5);
    world.create::<Dataset>(gold).await;
    let seen: Dataset = world.reason("odd", "InvalidSpec").await;
    let message = &ready(&seen).unwrap().message;
    assert!(
        message.contains("spec.batchSize belongs to rows"),
        "{message}"
    );
    assert!(world.jobs().await.is_empty());
}
