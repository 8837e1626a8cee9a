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
