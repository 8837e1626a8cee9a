//! A model beside people: how often it says what they say of the same items.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    models::{failed, get, items, said, setting},
    support::Predictor,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_held_against_what_people_say_of_the_same_items() {
    let (p, client, project) = setting().await;
    let labeling =
        json!({"reviewersPerAnswer": 0, "answersPerTask": 2, "consensus": {"field": "rating"}});
    p.relabel(&client, &project, labeling).await;
    let dataset = p.loaded(&client, &project, 5, 5).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let mut told: Vec<_> = page.iter().map(said).collect();
    told[4] = failed(&page[4], "Empty");
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 4, 1).await.expect(204);
    let path = format!("/predictions/{prediction}/accuracy");
    let before = get(&p, &client, &path).await.expect(200);
    assert_eq!(before["compared"], 0);
    assert_eq!(
        (&before["accuracy"], &before["accuracyHigh"]),
        (&Value::Null, &json!(1.0))
    );

    let (_, wanda) = p.register("wanda").await;
    let (_, otto) = p.register("otto").await;
    p.work(&wanda, &project, 5, "1").await;
    // Of the first two, neither label leads; one of them is decided, against the model.
    p.work(&otto, &project, 2, "0").await;
    let task = &page[0]["taskId"];
    let decision = format!("/projects/{project}/quality/tasks/{task}/decision");
    let body = json!({"value": "0"});
    p.call(Some(&client.token), Method::PUT, &decision, Some(body))
        .await
        .expect(200);
    let found = get(&p, &client, &path).await.expect(200);
    assert_eq!(
        (&found["compared"], &found["right"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(
        found["confusion"],
        json!([{"predicted": "1", "given": "0", "items": 1}, {"predicted": "1", "given": "1", "items": 2}])
    );
    let bin = json!([{"from": 0.7, "to": 0.8, "items": 3, "right": 2, "probability": 0.75}]);
    assert_eq!(found["calibration"], bin);
    p.call(Some(&client.token), Method::DELETE, &decision, None)
        .await
        .expect(204);
    let found = get(&p, &client, &path).await.expect(200);
    assert_eq!(
        (&found["compared"], &found["right"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_held_against_gold_that_is_no_task_and_against_tasks_that_are_gold() {
    let (p, client, project) = setting().await;
    let labeling = json!({"reviewersPerAnswer": 0});
    p.relabel(&client, &project, labeling).await;
    // Right are 1, 0, 1 and 0.
    let gold = p.gold_rows(&client, &project, 4).await;
    let gold = gold["id"].as_str().unwrap();
    let tasks = p.loaded(&client, &project, 2, 2).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let on_gold = async || {
        let path = format!("/models/{model}");
        let model = get(&p, &client, &path).await.expect(200);
        model["onGold"].clone()
    };
    assert_eq!(on_gold().await, Value::Null);

    let prediction = p.prediction(&client, &project, &model, gold).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let cells: Vec<_> = page.iter().map(|item| &item["cells"]["id"]).collect();
    assert_eq!(cells, ["g1", "g2", "g3", "g4"]);
    let mut told: Vec<_> = page.iter().map(said).collect();
    told[3] = failed(&page[3], "Empty");
    pod.report(&p, told[..2].to_vec()).await.expect(200);
    pod.complete(&p, 2, 0).await.refused(409, "out_of_order");
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 3, 1).await.expect(204);
    let path = format!("/predictions/{prediction}");
    let seen = get(&p, &client, &path).await.expect(200);
    assert_eq!((&seen["items"], &seen["predicted"]), (&json!(4), &json!(3)));
    let listed = get(&p, &client, &format!("{path}/items?limit=2")).await;
    let listed = items(&listed.expect(200));
    assert_eq!(
        (&listed[1]["taskId"], &listed[1]["rowNo"]),
        (&Value::Null, &json!(2))
    );
    let found = get(&p, &client, &format!("{path}/accuracy")).await;
    let found = found.expect(200);
    assert_eq!(
        (&found["compared"], &found["right"]),
        (&json!(3), &json!(2))
    );
    let known =
        json!({"items": 3, "correct": 2, "accuracy": 0.6667, "low": 0.2077, "high": 0.9385});
    assert_eq!(on_gold().await, known);

    // Of two tasks the model has one right; one of them becomes gold.
    let prediction = p.prediction(&client, &project, &model, &tasks).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    pod.report(&p, page.iter().map(said).collect())
        .await
        .expect(200);
    pod.complete(&p, 2, 0).await.expect(204);
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 2, "1").await;
    assert_eq!(on_gold().await["items"], 3);
    let made = json!({"taskId": page[0]["taskId"], "expected": {"rating": "1"}});
    p.make_gold(&client, &project, made).await.expect(201);
    let known = on_gold().await;
    assert_eq!((&known["items"], &known["correct"]), (&json!(4), &json!(3)));
    // What is retired counts no more.
    let listed = p.gold_list(&client, &project).await;
    let first = listed
        .iter()
        .find(|item| item["rowNo"] == 1 && item["taskId"].is_null())
        .unwrap();
    let path = format!("/projects/{project}/gold/{}", first["id"]);
    p.call(Some(&client.token), Method::DELETE, &path, None)
        .await
        .expect(204);
    let known = on_gold().await;
    assert_eq!((&known["items"], &known["correct"]), (&json!(3), &json!(2)));
}
