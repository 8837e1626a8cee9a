//! The queue of a model that is kept loaded: whoever races and whoever dies, an item has one prediction.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_labelling::{BillingMode, MOST_ATTEMPTS, QueueLease, Refusal};
use datacrowd_protocol::{
    ids::{ModelId, TaskId},
    model::{ItemFailed, ItemFailure, Predicted},
};
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Platform, Predictor};

/// How long an item is lent.
const HOLD: TimeDelta = TimeDelta::seconds(30);

/// A model that may be applied, with so many items in its queue.
async fn setting(items: i64, now: DateTime<Utc>) -> (Platform, ModelId, Vec<TaskId>) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let dataset = p.loaded(&client, &project, items, 100).await;
    let model = p.model(&client, &project, json!({})).await.expect(202);
    let model = model["id"].as_str().unwrap();
    let looks = Predictor::open(&p, &client, "models", model, 1).await;
    looks.found(&p).await.expect(204);
    looks.complete(&p, 0, 0).await.expect(204);
    let tasks = sqlx::query_scalar("select id from tasks where dataset_id = $1::uuid order by id")
        .bind(&dataset)
        .fetch_all(&p.rows)
        .await
        .unwrap();
    let tasks: Vec<TaskId> = tasks.into_iter().map(TaskId).collect();
    let model = ModelId(model.parse::<Uuid>().unwrap());
    sqlx::query("insert into prediction_queue (task_id, model_id, queued_at) select id, $1, $2 from tasks where dataset_id = $3::uuid")
        .bind(model.0)
        .bind(now)
        .bind(&dataset)
        .execute(&p.rows)
        .await
        .unwrap();
    (p, model, tasks)
}

/// How far an item is with the model: whether it is predicted, whether it stands in the queue, why it failed.
async fn state(p: &Platform, model: ModelId, task: TaskId) -> (bool, bool, Option<Value>) {
    sqlx::query_as(
        "select exists (select from predictions where task_id = $1 and model_id = $2), exists (select from prediction_queue where task_id = $1 and model_id = $2),
                (select failure->'reason' from prediction_queue where task_id = $1 and model_id = $2)",
    )
    .bind(task.0)
    .bind(model.0)
    .fetch_one(&p.rows)
    .await
    .unwrap()
}

/// It waits, or a predictor holds it.
const QUEUED: (bool, bool, Option<Value>) = (false, true, None);

async fn lease(p: &Platform, model: ModelId, now: DateTime<Utc>) -> QueueLease {
    p.core
        .queue_lease(model, (Uuid::new_v4(), 10), HOLD, now)
        .await
        .unwrap()
}

fn said(task: TaskId, row_no: i64) -> Predicted {
    serde_json::from_value(json!({
        "taskId": task, "rowNo": row_no, "label": "1", "probability": 0.75,
        "probabilities": {"-1": 0.05, "0": 0.2, "1": 0.75}, "micros": 1_500,
    }))
    .unwrap()
}

fn failed(task: TaskId, row_no: i64) -> Predicted {
    Predicted {
        label: None,
        probability: None,
        probabilities: [].into(),
        failure: Some(ItemFailed {
            reason: ItemFailure::Undecodable,
            message: "Nothing to hear; bring another file.".into(),
        }),
        ..said(task, row_no)
    }
}

fn is_fenced(result: datacrowd_labelling::Result<()>) -> bool {
    matches!(
        result,
        Err(datacrowd_labelling::Error::Refused(Refusal::Fenced))
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_predictors_race_and_each_item_is_predicted_once() {
    let now = Utc::now();
    let (p, model, tasks) = setting(120, now).await;
    let done = join_all((0..8).map(|_| {
        let core = p.core.clone();
        tokio::spawn(async move {
            let mut reported = Vec::new();
            loop {
                let lease = (Uuid::new_v4(), 3);
                let held = core.queue_lease(model, lease, HOLD, now).await.unwrap();
                if held.items.is_empty() {
                    return reported;
                }
                for item in held.items {
                    let said = said(item.task, item.row_no);
                    core.queue_report(model, held.lease, &said, now)
                        .await
                        .unwrap();
                    reported.push(item.task);
                }
            }
        })
    }))
    .await;
    let mut reported: Vec<_> = done.into_iter().flat_map(Result::unwrap).collect();
    reported.sort();
    assert_eq!(reported, tasks);
    assert_eq!(p.count("select count(*) from predictions").await, 120);
    assert_eq!(p.count("select count(*) from prediction_queue").await, 0);
    assert_eq!(p.count("select predicted from models").await, 120);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_a_killed_predictor_comes_back_and_it_is_fenced() {
    let now = Utc::now();
    let (p, model, tasks) = setting(1, now).await;
    let killed = lease(&p, model, now).await;
    assert_eq!(killed.items.len(), 1);
    assert!(lease(&p, model, now).await.items.is_empty());
    let later = now + HOLD;
    let next = lease(&p, model, later).await;
    assert_eq!(next.items, killed.items);
    let word = said(tasks[0], 1);
    let late = p.core.queue_report(model, killed.lease, &word, later).await;
    assert!(is_fenced(late));
    assert_eq!(state(&p, model, tasks[0]).await, QUEUED);
    let depth = p.core.queue_depth().await.unwrap();
    assert_eq!((depth.waiting, depth.since.is_some()), (1, true));
    let taken = p.core.queue_report(model, next.lease, &word, later).await;
    taken.unwrap();
    let again = p.core.queue_report(model, next.lease, &word, later).await;
    assert!(is_fenced(again));
    assert_eq!(state(&p, model, tasks[0]).await, (true, false, None));
    assert_eq!(p.core.queue_depth().await.unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_ends_its_predictors_fails_and_one_given_back_does_not() {
    let mut now = Utc::now();
    let (p, model, tasks) = setting(1, now).await;
    for _ in 0..=MOST_ATTEMPTS {
        let held = lease(&p, model, now).await;
        assert_eq!(held.items.len(), 1);
        let back = p.core.queue_return(model, held.lease).await.unwrap();
        assert_eq!(back, 1);
    }
    for _ in 0..MOST_ATTEMPTS {
        assert_eq!(lease(&p, model, now).await.items.len(), 1);
        now += HOLD;
    }
    assert!(lease(&p, model, now).await.items.is_empty());
    let failed = (false, true, Some(json!(ItemFailure::Crashed)));
    assert_eq!(state(&p, model, tasks[0]).await, failed);
    assert_eq!(p.core.queue_depth().await.unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_kept_and_a_word_that_is_none_of_the_models_is_not() {
    let now = Utc::now();
    let (p, model, tasks) = setting(2, now).await;
    let held = lease(&p, model, now).await;
    assert_eq!(held.items.len(), 2);
    let mut strange = said(tasks[0], 1);
    strange.probability = Some(1.5);
    let refused = p.core.queue_report(model, held.lease, &strange, now).await;
    assert!(matches!(
        refused,
        Err(datacrowd_labelling::Error::Refused(
            Refusal::InvalidSpec { .. }
        ))
    ));
    let unheard = failed(tasks[0], 1);
    let taken = p.core.queue_report(model, held.lease, &unheard, now).await;
    taken.unwrap();
    let failed = (false, true, Some(json!(ItemFailure::Undecodable)));
    assert_eq!(state(&p, model, tasks[0]).await, failed);
    assert_eq!(p.count("select count(*) from predictions").await, 0);
    // The other one is still held, and goes with its task.
    assert_eq!(state(&p, model, tasks[1]).await, QUEUED);
}
