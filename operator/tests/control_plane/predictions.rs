//! A Prediction's way: it waits for its Model and its Dataset, runs, and goes in any order with them.

use datacrowd_crds::{Dataset, Model, Prediction, Project, condition::ConditionStatus::True};
use datacrowd_protocol::run::RunOutcome;
use futures::{StreamExt as _, stream};
use kube::{Api, api::DeleteParams};
use serde_json::json;

use super::world::{Observed, World, project, ready, table};

impl World {
    /// Every item of the Prediction was told of.
    pub async fn predicted(&self, name: &str, items: i64) -> Prediction {
        let job = self.job::<Prediction>(name).await;
        {
            let mut rows = self.platform.rows();
            let row = rows.predictions.get_mut(name).unwrap();
            row.ready = true;
            row.tasks = items;
            row.runs.last_mut().unwrap().outcome = Some(RunOutcome::Succeeded);
        }
        self.pod_exits(&job, 0, "Completed", "").await;
        self.reason(name, "Predicted").await
    }

    /// The tasks of the Dataset `items` are there.
    pub async fn generated(&self, tasks: i64) {
        let job = self.job_of(1).await;
        self.platform.generated("items", tasks);
        self.pod_exits(&job, 0, "Completed", "").await;
        let _: Dataset = self.reason("items", "Generated").await;
    }
}

fn told(seen: &Prediction) -> &str {
    &ready(seen).unwrap().message
}

#[tokio::test]
async fn a_prediction_waits_for_model_and_dataset_and_is_woken_by_each() {
    let mut world = World::new("predict").await;
    // No poll comes in the time of this test.
    world.settings.poll_seconds = 3600;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.prediction("guess").await;
    let seen: Prediction = world.reason("guess", "ModelNotFound").await;
    assert!(told(&seen).contains("\"voices\""), "{}", told(&seen));
    world.model("voices").await;
    let seen: Prediction = world.reason("guess", "DatasetNotFound").await;
    assert!(told(&seen).contains("\"items\""), "{}", told(&seen));
    world.dataset("items").await;
    let seen: Prediction = world.reason("guess", "ModelNotReady").await;
    assert_eq!(
        told(&seen),
        "The Prediction waits for Model \"voices\" to be looked at; it goes on by itself."
    );
    world.inspected("voices").await;
    let seen: Prediction = world.reason("guess", "AwaitingGeneration").await;
    assert_eq!(
        told(&seen),
        "The Prediction waits for the tasks of Dataset \"items\"; it goes on by itself."
    );
    world.generated(3).await;
    let _: Prediction = world.reason("guess", "JobCreated").await;
    let job = world.job::<Prediction>("guess").await;
    assert!(job.starts_with("guess-pred-"), "{job}");

    world
        .platform
        .rows()
        .models
        .get_mut("voices")
        .unwrap()
        .tasks = 3;
    let seen = world.predicted("guess", 3).await;
    assert_eq!(table(&seen)[..2], [True, True]);
    let status = seen.status.unwrap();
    assert_eq!(
        (status.items, status.predicted, status.failed),
        (Some(3), Some(3), Some(0))
    );
    let counted = async || {
        let model = world.api::<Model>().get("voices").await.unwrap();
        (model.status?.predicted_items == Some(3)).then_some(())
    };
    world
        .eventually("the Model counts what it predicted", counted)
        .await;
}

#[tokio::test]
async fn a_prediction_that_does_not_begin_in_a_paused_project_goes_on_with_it() {
    let world = World::new("paused").await;
    world.platform.grant(100);
    let _running = world.start().await;
    world.project("reviews").await;
    world.dataset("items").await;
    world.generated(3).await;
    world.model("voices").await;
    world.inspected("voices").await;
    world.platform.rows().paused = true;
    world.prediction("guess").await;
    let _: Prediction = world.reason("guess", "ProjectPaused").await;
    world.platform.rows().paused = false;
    let _: Prediction = world.reason("guess", "JobCreated").await;
}

/// One of everything, with Jobs, of a Project whose rows go with it.
async fn whole() -> World {
    let world = World::new("order").await;
    world.platform.grant(100);
    let mut body = project("reviews");
    body["spec"]["deletionPolicy"] = json!("Delete");
    world.create::<Project>(body).await;
    world.dataset("items").await;
    world.model("voices").await;
    world.prediction("guess").await;
    world
}

async fn begin_deletion<K: Observed>(world: &World, name: &str) {
    let api: Api<K> = world.api();
    api.delete(name, &DeleteParams::default()).await.unwrap();
}

/// Deletes everything in this order while the Prediction runs; what is left.
async fn deleted_in_order(order: [usize; 4]) -> Vec<String> {
    let world = whole().await;
    let running = world.start().await;
    world.generated(3).await;
    world.inspected("voices").await;
    let job = world.job::<Prediction>("guess").await;
    world.pod_runs(&job).await;
    for which in order {
        match which {
            0 => begin_deletion::<Project>(&world, "reviews").await,
            1 => begin_deletion::<Model>(&world, "voices").await,
            2 => begin_deletion::<Dataset>(&world, "items").await,
            _ => begin_deletion::<Prediction>(&world, "guess").await,
        }
        running.nudge.send(()).unwrap();
    }
    world.gone::<Prediction>("guess").await;
    world.gone::<Model>("voices").await;
    world.gone::<Dataset>("items").await;
    world.gone::<Project>("reviews").await;
    let mut left = world.platform.rows().names();
    let jobs = world.jobs().await.into_iter();
    left.extend(jobs.filter_map(|job| job.metadata.name));
    running.stop().await;
    left
}

#[tokio::test]
async fn deletion_in_any_order_leaves_nothing() {
    let orders = [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [1, 2, 3, 0],
        [2, 1, 0, 3],
        [2, 3, 0, 1],
        [3, 2, 1, 0],
        [3, 0, 1, 2],
        [0, 3, 2, 1],
    ];
    let deleted = orders.map(|order| async move { (order, deleted_in_order(order).await) });
    let mut deleted = stream::iter(deleted).buffer_unordered(4);
    while let Some((order, left)) = deleted.next().await {
        assert_eq!(left, Vec::<String>::new(), "{order:?}");
    }
}
