//! A Model with `predict: Always` makes its Predictions by itself: for which Datasets, once, and until when.

use std::time::Duration;

use datacrowd_crds::{Dataset, Model, Prediction};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams},
};
use serde_json::{Value, json};

use super::world::{World, dataset, prediction};

impl World {
    async fn predictions(&self) -> Vec<Prediction> {
        let predictions = self.api::<Prediction>();
        let all = predictions.list(&ListParams::default()).await;
        all.unwrap().items
    }

    /// The Prediction over a Dataset, once it is there.
    async fn prediction_over(&self, dataset: &str) -> Prediction {
        self.eventually(&format!("{dataset} is predicted"), async || {
            let all = self.predictions().await.into_iter();
            let mut over = all.filter(|p| p.spec.dataset_ref.name == dataset);
            over.next()
        })
        .await
    }
}

fn predict(when: &str) -> Value {
    json!({"spec": {"predict": when}})
}

#[tokio::test]
async fn each_dataset_is_predicted_once_it_is_generated_and_never_twice() {
    let world = World::new("always").await;
    world.platform.grant(100);
    let running = world.start().await;
    world.project("reviews").await;
    world.model("voices").await;
    world.inspected("voices").await;
    world.model("asked").await;
    world.inspected("asked").await;
    world.patch::<Model>("voices", predict("Always")).await;
    let mut inbox = dataset(&world.namespace, "calls");
    inbox["spec"]["source"] = json!({"format": "Inbox"});
    world.create::<Dataset>(inbox).await;
    world.dataset("items").await;
    let _: String = world.job_of(1).await;
    assert!(world.predictions().await.is_empty(), "nothing is generated");
    world.generated(3).await;
    let made = world.prediction_over("items").await;
    assert!(made.name_any().starts_with("voices-items-"));
    let owner = &made.owner_references()[0];
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str(), owner.controller),
        ("Model", "voices", Some(true))
    );
    assert_eq!(made.labels()["datacrowd.io/model"], "voices");
    assert_eq!(made.spec.model_ref.name, "voices");
    let _: Prediction = world.predicted(&made.name_any(), 3).await;
    for _ in 0..5 {
        running.nudge.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let all = world.predictions().await;
    assert_eq!(all.len(), 1, "one, of the one Model that makes them");
    assert_eq!(all[0].uid(), made.uid());

    // What goes with its Dataset is not made again.
    let datasets = world.api::<Dataset>();
    let gone = datasets.delete("items", &DeleteParams::default()).await;
    gone.unwrap();
    world.gone::<Prediction>(&made.name_any()).await;
    world.gone::<Dataset>("items").await;
    assert!(world.predictions().await.is_empty());
    assert!(world.platform.rows().predictions.is_empty());
}

#[tokio::test]
async fn what_somebody_applied_is_neither_made_again_nor_taken_away() {
    let world = World::new("mine").await;
    world.platform.grant(100);
    let running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    world.generated(3).await;
    world.model("voices").await;
    world.create::<Prediction>(prediction("guess")).await;
    world.inspected("voices").await;
    world.patch::<Model>("voices", predict("Always")).await;
    let _: Prediction = world.predicted("guess", 3).await;
    running.nudge.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let all = world.predictions().await.into_iter();
    let names: Vec<_> = all.map(|p| p.name_any()).collect();
    assert_eq!(names, ["guess"]);

    // Once it is gone, the Model makes its own.
    let predictions = world.api::<Prediction>();
    let gone = predictions.delete("guess", &DeleteParams::default()).await;
    gone.unwrap();
    world.gone::<Prediction>("guess").await;
    let made = world.prediction_over("items").await;
    assert!(made.name_any().starts_with("voices-items-"));
    // What was made stays when nothing more is to be made.
    world.patch::<Model>("voices", predict("OnRequest")).await;
    running.nudge.send(()).unwrap();
    let _: Prediction = world.predicted(&made.name_any(), 3).await;
}

#[tokio::test]
async fn gold_is_predicted_by_itself_as_work_is() {
    let world = World::new("known").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.model("voices").await;
    world.inspected("voices").await;
    world.patch::<Model>("voices", predict("Always")).await;
    let mut gold = dataset(&world.namespace, "items");
    gold["spec"]["purpose"] = json!("Gold");
    gold["spec"]["goldColumns"] = json!({"rating": "right"});
    world.create::<Dataset>(gold).await;
    let _: String = world.job_of(1).await;
    assert!(world.predictions().await.is_empty(), "nothing is loaded");
    world.generated(3).await;
    let made = world.prediction_over("items").await;
    assert!(made.name_any().starts_with("voices-items-"));
    let _: Prediction = world.predicted(&made.name_any(), 3).await;
    assert_eq!(world.predictions().await.len(), 1);
}
