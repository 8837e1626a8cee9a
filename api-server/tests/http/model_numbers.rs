//! Models that say a number: it has no probability, and is held against people's by its distance.

use std::time::Duration;

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    models::{failed, get, items},
    support::{Actor, ExportRun, InboxSetting, Platform, Predictor, wav},
};

/// A form that wants a number.
fn form(members: Value) -> Value {
    let mut form = json!({
        "fields": [{"name": "amount", "type": "NUMBER", "minimum": 0, "maximum": 100, "required": true}],
        "reviewersPerAnswer": 0,
    });
    for (key, value) in members.as_object().unwrap() {
        form[key] = value.clone();
    }
    form
}

async fn setting(members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, form(members)).await;
    (p, client, project)
}

fn model(members: Value) -> Value {
    let mut model = json!({"output": {"field": "amount"}});
    for (key, value) in members.as_object().unwrap() {
        model[key] = value.clone();
    }
    model
}

/// What a model says of an item.
fn said(item: &Value, amount: &Value) -> Value {
    json!({"taskId": item["taskId"], "rowNo": item["rowNo"], "label": amount, "micros": 1_500})
}

/// Claims and answers as many tasks as there are amounts.
async fn answer(p: &Platform, worker: &str, project: &str, amounts: &[Value]) -> Vec<Value> {
    let claimed = p.claim(worker, project, amounts.len() as i64).await;
    let tasks = claimed.expect(200)["tasks"].as_array().unwrap().clone();
    assert_eq!(tasks.len(), amounts.len());
    for (task, amount) in tasks.iter().zip(amounts) {
        let body =
            json!({"leaseToken": task["lease"]["token"], "answer": {"amount": amount.clone()}});
        let path = format!("/tasks/{}/submit", task["id"]);
        p.call(Some(worker), Method::POST, &path, Some(body))
            .await
            .expect(201);
    }
    tasks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_has_no_probability_and_is_held_against_the_median_of_peoples() {
    let (p, client, project) = setting(json!({"answersPerTask": 3})).await;
    let dataset = p.loaded(&client, &project, 4, 4).await;
    let id = p.checked_model(&client, &project, model(json!({}))).await;
    let prediction = p.prediction(&client, &project, &id, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    assert_eq!(pod.opened["model"]["output"], json!({"field": "amount"}));
    let page = items(&pod.items(&p, 0).await.expect(200));
    for (members, named) in [
        (json!({"label": "7"}), "items[0].label"),
        (json!({"probability": 0.5}), "items[0].probability"),
        (json!({"probabilities": {"7": 0.5}}), "items[0].probability"),
        (json!({"label": null}), "items[0].label"),
    ] {
        let mut wrong = said(&page[0], &json!(7));
        for (key, value) in members.as_object().unwrap() {
            wrong[key] = value.clone();
        }
        let refused = pod.report(&p, vec![wrong]).await.expect(422);
        assert!(refused["details"][named].is_string(), "{refused}");
    }
    let told = vec![
        said(&page[0], &json!(7.5)),
        said(&page[1], &json!(40)),
        said(&page[2], &json!(-3)),
        failed(&page[3], "Empty"),
    ];
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 3, 1).await.expect(204);

    let listed = get(&p, &client, &format!("/predictions/{prediction}/items")).await;
    let listed = items(&listed.expect(200));
    assert_eq!(
        (&listed[0]["label"], &listed[0]["probability"]),
        (&json!(7.5), &Value::Null)
    );
    let path = format!("/predictions/{prediction}/accuracy");
    let before = get(&p, &client, &path).await.expect(200);
    assert_eq!(
        (&before["compared"], &before["error"]),
        (&json!(0), &Value::Null)
    );

    // Of three answers the middle one, of two the mean; one huge number moves no median.
    let huge: Value = serde_json::from_str("100").unwrap();
    for (name, amounts) in [
        ("wanda", vec![json!(7), json!(40), json!(0)]),
        ("otto", vec![json!(8.5), json!(40.0), json!(4)]),
        ("ida", vec![huge, json!(41)]),
    ] {
        let (_, worker) = p.register(name).await;
        answer(&p, &worker, &project, &amounts).await;
    }
    // Distances: 7.5 - 8.5, 40 - 40, -3 - 2.
    let found = get(&p, &client, &path).await.expect(200);
    assert_eq!(
        (&found["compared"], &found["right"], &found["accuracy"]),
        (&json!(3), &json!(1), &Value::Null)
    );
    let error = &found["error"];
    assert_eq!(
        (&error["items"], &error["meanAbsolute"], &error["bias"]),
        (&json!(3), &json!(2.0), &json!(-2.0))
    );
    assert_eq!(error["low"], 0.0);
    assert_eq!(
        (&found["confusion"], &found["calibration"]),
        (&json!([]), &json!([]))
    );
    let export = json!({"format": "JSONL", "predictions": true});
    let export = p.export(&client, &project, export).await;
    let run = ExportRun::open(&p, &client, &export).await;
    let path = format!(
        "/internal/exports/{export}/answers?runId={}&epoch={}",
        run.id, run.opened["epoch"]
    );
    let records = p
        .http
        .get(format!("{}{path}", p.internal))
        .bearer_auth(&run.token);
    let records: Value = records.send().await.unwrap().json().await.unwrap();
    let name = run.opened["columns"]["predictions"][0].as_str().unwrap();
    assert_eq!(
        records["items"][0]["predictions"],
        json!({name: {"label": 7.5}})
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_begin_with_a_number_that_the_form_takes() {
    let (p, client, project) = setting(json!({})).await;
    let dataset = p.loaded(&client, &project, 3, 3).await;
    let refused = p
        .model(
            &client,
            &project,
            model(json!({"use": {"answerAbove": 0.9}})),
        )
        .await;
    let why = &refused.expect(422)["details"]["use.answerAbove"];
    assert_eq!(
        why,
        "has the model answer tasks it is sure of, and a number has no probability; remove it"
    );
    let labelled = json!({"output": {"field": "amount", "labels": ["1", "2"]}});
    let refused = p.model(&client, &project, labelled).await.expect(422);
    assert!(refused["details"]["output.labels"].is_string(), "{refused}");

    let usage = json!({"use": {"prefill": true, "blindShare": 0}});
    let id = p.checked_model(&client, &project, model(usage)).await;
    let prediction = p.prediction(&client, &project, &id, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let told = [json!(7.5), json!(100.5), json!(0)];
    let told = page
        .iter()
        .zip(&told)
        .map(|(item, amount)| said(item, amount));
    pod.report(&p, told.collect()).await.expect(200);
    pod.complete(&p, 3, 0).await.expect(204);
    let (_, wanda) = p.register("wanda").await;
    let claimed = p.claim(&wanda, &project, 3).await.expect(200);
    assert_eq!(claimed["tasks"].as_array().unwrap().len(), 3);
    eventually(Duration::from_secs(20), || async {
        let held = p.call(Some(&wanda), Method::GET, "/me/tasks", None).await;
        let held = held.expect(200)["tasks"].as_array().unwrap().clone();
        let begun: Vec<_> = held.iter().map(|task| task["prefill"].clone()).collect();
        (begun == [json!({"amount": 7.5}), Value::Null, json!({"amount": 0})]).then_some(())
    })
    .await;
    // Who reviews is told the number, without a probability.
    p.relabel(&client, &project, form(json!({"reviewersPerAnswer": 1})))
        .await;
    let body =
        json!({"leaseToken": claimed["tasks"][0]["lease"]["token"], "answer": {"amount": 7.50}});
    let path = format!("/tasks/{}/submit", claimed["tasks"][0]["id"]);
    p.call(Some(&wanda), Method::POST, &path, Some(body))
        .await
        .expect(201);
    let seen = get(&p, &client, &format!("/models/{id}")).await.expect(200);
    assert_eq!(
        (
            &seen["use"]["shown"]["answers"],
            &seen["use"]["shown"]["alike"]
        ),
        (&json!(1), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_gold_the_distance_is_told_and_no_share() {
    let (p, client, project) = setting(json!({})).await;
    let dataset = p.loaded(&client, &project, 3, 3).await;
    let id = p.checked_model(&client, &project, model(json!({}))).await;
    let prediction = p.prediction(&client, &project, &id, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let told = page.iter().map(|item| said(item, &json!(10)));
    pod.report(&p, told.collect()).await.expect(200);
    pod.complete(&p, 3, 0).await.expect(204);
    let (_, wanda) = p.register("wanda").await;
    answer(&p, &wanda, &project, &[json!(1), json!(2), json!(3)]).await;
    for (item, amount) in page.iter().zip([12, 10]) {
        let made = json!({"taskId": item["taskId"], "expected": {"amount": amount}});
        p.make_gold(&client, &project, made).await.expect(201);
    }
    let seen = get(&p, &client, &format!("/models/{id}")).await.expect(200);
    assert_eq!(seen["onGold"], Value::Null);
    let error = json!({"items": 2, "meanAbsolute": 1.0, "low": 0.0, "high": 2.95996, "bias": -1.0});
    assert_eq!(seen["errorOnGold"], error);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_item_that_has_only_a_number_people_are_asked() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let form = form(
        json!({"display": [{"column": "file", "kind": "AUDIO"}], "externalIdColumn": "name", "answersPerTask": 2}),
    );
    let project = p.project(&client, form).await;
    let people = json!({"crowd": "Uncertain", "askBelow": 0.8, "holdSeconds": 60});
    let inbox = p.inbox_with(&project, people).await;
    let audio = json!({
        "kind": "AUDIO", "column": "file",
        "audio": {"sampleRateHz": 8000, "windowMillis": 2000, "hopMillis": 1000, "features": "WAVEFORM"},
    });
    let members = model(json!({"input": audio, "replicas": 1}));
    let model = p.checked_model(&client, &project, members).await;
    let pod = p.runner_token(&client.namespace).await;
    p.grant(&project, 10).await;
    let s = InboxSetting {
        p,
        client,
        project,
        inbox,
        model,
        pod,
    };
    let item = s.send(&wav(b"an item")).await;
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    let mut told = said(&leased, &json!(12.25));
    told["windows"] = json!([{"startSeconds": 0, "endSeconds": 2, "probabilities": {"a": 1}}]);
    let refused = s.report_as(lease, told.clone()).await.expect(422);
    assert!(
        refused.to_string().contains("must each have a value"),
        "{refused}"
    );
    told["windows"] = json!([{"startSeconds": 0, "endSeconds": 2, "value": 12.25}]);
    s.report_as(lease, told).await.expect(204);
    let seen = s.seen(&item).await;
    assert_eq!(seen["models"][0]["label"], 12.25);
    assert!(seen["models"][0]["probability"].is_null());
    let windows = json!([{"startSeconds": 0.0, "endSeconds": 2.0, "value": 12.25}]);
    assert_eq!(seen["models"][0]["windows"], windows);
    assert_eq!(seen["crowd"]["state"], "ASKED");
    for (name, amount) in [("wanda", json!(10)), ("otto", json!(11.5))] {
        let (_, worker) = s.p.register(name).await;
        answer(&s.p, &worker, &s.project, &[amount]).await;
    }
    let seen = s.seen(&item).await;
    assert_eq!(seen["crowd"]["answer"], json!({"amount": 10.75}));
    assert_eq!(seen["crowd"]["state"], "ANSWERED");
}
