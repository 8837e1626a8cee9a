//! Models and predictions: what a pod is told, what it may say, and what stays of it.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, ExportRun, Platform, Predictor, bound, env};

/// What a model says of an item.
pub fn said(item: &Value) -> Value {
    json!({
        "taskId": item["taskId"], "rowNo": item["rowNo"], "label": "1", "probability": 0.75,
        "probabilities": {"-1": 0.05, "0": 0.2, "1": 0.75}, "micros": 1_500,
    })
}

pub fn failed(item: &Value, reason: &str) -> Value {
    let failure = json!({"reason": reason, "message": "Nothing to hear; bring another file."});
    json!({"taskId": item["taskId"], "rowNo": item["rowNo"], "micros": 0, "failure": failure})
}

pub fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

pub async fn get(p: &Platform, client: &Actor, path: &str) -> Answer {
    p.call(Some(&client.token), Method::GET, path, None).await
}

pub async fn setting() -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    (p, client, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_looked_at_and_says_one_word_of_every_item() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 250, 100).await;
    let model = p.model(&client, &project, json!({})).await.expect(202);
    assert_eq!(model["state"], "PENDING");
    let model = model["id"].as_str().unwrap();
    let prediction = p.prediction(&client, &project, model, &dataset).await;
    let early = Predictor::begin(&p, "predictions", &prediction, 1).await;
    early.refused(409, "prediction_not_due");

    let looks = Predictor::open(&p, &client, "models", model, 1).await;
    assert_eq!(looks.opened["inspectedModel"]["output"]["field"], "rating");
    looks.found(&p).await.expect(204);
    looks.complete(&p, 0, 0).await.expect(204);
    let path = format!("/models/{model}");
    let seen = get(&p, &client, &path).await.expect(200);
    assert_eq!(seen["state"], "READY");
    assert_eq!(seen["outputs"][0]["shape"], "[N, 3]");

    let first = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&first.items(&p, 0).await.expect(200));
    assert_eq!(page.len(), 100);
    assert_eq!(page[0]["cells"], json!({"id": "i1"}));
    let mut told: Vec<_> = page.iter().map(said).collect();
    told[7] = failed(&page[7], "Undecodable");
    // Of a dataset's items no windows are asked for, and none are kept.
    assert_eq!(page[0].get("windows"), None);
    let mut windows = told.clone();
    windows[0]["windows"] = json!([{"startSeconds": 0, "endSeconds": 2, "probabilities": {"-1": 0.05, "0": 0.2, "1": 0.75}}]);
    let refused = first.report(&p, windows).await;
    refused.refused(422, "invalid_spec");
    let taken = first.report(&p, told.clone()).await.expect(200);
    assert_eq!(taken, json!({"predicted": 99, "failed": 1}));
    // Its pod dies before it hears so, and another one goes on.
    let second = Predictor::take(&p, &client, &first.id, "pod-1").await;
    first.report(&p, told.clone()).await.refused(409, "fenced");
    assert_eq!(second.opened["after"], 100);
    let again = second.report(&p, told).await.expect(200);
    assert_eq!(again, json!({"predicted": 99, "failed": 1}));
    let too_early = second.complete(&p, 99, 1).await;
    too_early.refused(409, "out_of_order");
    for after in [100, 200] {
        let page = items(&second.items(&p, after).await.expect(200));
        second
            .report(&p, page.iter().map(said).collect())
            .await
            .expect(200);
    }
    assert!(items(&second.items(&p, 250).await.expect(200)).is_empty());
    second.complete(&p, 249, 1).await.expect(204);

    let path = format!("/predictions/{prediction}");
    let seen = get(&p, &client, &path).await.expect(200);
    assert_eq!(seen["state"], "READY");
    assert_eq!(
        (&seen["items"], &seen["predicted"], &seen["failed"]),
        (&json!(250), &json!(249), &json!(1))
    );
    assert_eq!(seen["failedItems"][0]["rowNo"], 8);
    assert_eq!(seen["failedItems"][0]["reason"], "UNDECODABLE");
    let rows = p.count("select count(*) from predictions").await;
    assert_eq!(rows, 249);
    let (mut cursor, mut listed) = (String::new(), Vec::new());
    loop {
        let path = format!("/predictions/{prediction}/items?limit=200{cursor}");
        let page = get(&p, &client, &path).await.expect(200);
        listed.extend(items(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed.len(), 249);
    assert_eq!(listed[0]["externalId"], "i1");
    assert_eq!(listed[0]["probabilities"]["1"], 0.75);
    assert_eq!(listed[7]["rowNo"], 9);
    let model = get(&p, &client, &format!("/models/{model}"))
        .await
        .expect(200);
    assert_eq!(
        (&model["predicted"], &model["meanMicros"]),
        (&json!(249), &json!(1_500))
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_what_models_say_when_it_asks_for_it() {
    let (p, client, project) = setting().await;
    let p_ref = &p;
    let labeling = json!({"reviewersPerAnswer": 0});
    p.relabel(&client, &project, labeling).await;
    let dataset = p.loaded(&client, &project, 2, 2).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let told = vec![said(&page[0]), failed(&page[1], "Empty")];
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 1, 1).await.expect(204);
    let (_, worker) = p.register("wanda").await;
    p.work(&worker, &project, 2, "0").await;
    let read = async |members: Value| {
        let export = p_ref.export(&client, &project, members).await;
        let run = ExportRun::open(p_ref, &client, &export).await;
        let path = format!(
            "/internal/exports/{export}/answers?runId={}&epoch={}",
            run.id, run.opened["epoch"]
        );
        let page = p_ref
            .http
            .get(format!("{}{path}", p_ref.internal))
            .bearer_auth(&run.token);
        let page: Value = page.send().await.unwrap().json().await.unwrap();
        (run.opened["columns"].clone(), items(&page))
    };
    let (columns, records) = read(json!({"format": "CSV", "predictions": true})).await;
    let name = columns["predictions"][0].as_str().unwrap();
    assert!(name.starts_with("voice-"), "{name}");
    let expected = json!({name: {"label": "1", "probability": 0.75, "probabilities": {"-1": 0.05, "0": 0.2, "1": 0.75}}});
    assert_eq!(records[0]["predictions"], expected);
    assert_eq!(records[1]["predictions"], json!({}));
    let (columns, records) = read(json!({"format": "CSV"})).await;
    assert!(columns["predictions"].is_null());
    assert!(records[0]["predictions"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_does_not_fit_the_project_is_refused_by_member_and_leaves_nothing() {
    let (p, client, project) = setting().await;
    let table = [
        (
            json!({"output": {"field": "stars", "labels": ["-1", "0"]}}),
            "output.field",
        ),
        (
            json!({"output": {"field": "rating", "labels": ["-1", "many"]}}),
            "output.labels",
        ),
        (
            json!({"output": {"field": "rating", "labels": ["-1", "-1"]}}),
            "output.labels",
        ),
        (json!({"input": {"kind": "COLUMNS"}}), "input.columns"),
        (
            json!({"input": {"kind": "AUDIO", "column": "text"}}),
            "input.audio",
        ),
        (
            json!({"sourceUri": format!("s3://{}/other/m.onnx", env("TEST_S3_BUCKET"))}),
            "sourceUri",
        ),
        (
            json!({"sourceUri": format!("s3://{}/{}/models/", env("TEST_S3_BUCKET"), client.namespace)}),
            "sourceUri",
        ),
        (
            json!({"sourceUri": format!("s3://{}/{}/none.onnx", env("TEST_S3_BUCKET"), client.namespace)}),
            "sourceUri",
        ),
    ];
    for (members, named) in table {
        let refused = p.model(&client, &project, members).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        let details = refused.body["details"].as_object().unwrap();
        assert!(details.contains_key(named), "{named}: {details:?}");
    }
    let list = get(&p, &client, &format!("/projects/{project}/models")).await;
    assert!(items(&list.expect(200)).is_empty());
    let api = kube::Api::<datacrowd_crds::Model>::namespaced(p.cluster.clone(), &client.namespace);
    let left = api.list(&Default::default()).await.unwrap();
    assert!(left.items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pod_says_of_items_is_held_against_the_model() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 3, 3).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let with = |member: &str, value: Value| {
        let mut item = said(&page[0]);
        item[member] = value;
        vec![item]
    };
    let both = {
        let mut item = said(&page[0]);
        item["failure"] = json!({"reason": "Empty", "message": "x"});
        vec![item]
    };
    let backwards = vec![said(&page[1]), said(&page[0])];
    for (wrong, named) in [
        (with("label", json!("2")), "items[0].label"),
        (with("label", Value::Null), "items[0].label"),
        (with("probability", json!(1.5)), "items[0].probabilities"),
        (
            with("probabilities", json!({"2": 1.0})),
            "items[0].probabilities",
        ),
        (both, "items[0].label"),
        (backwards, "items[1].rowNo"),
    ] {
        let refused = pod.report(&p, wrong).await;
        assert_eq!(refused.status, 422, "{named}: {refused:?}");
        assert!(refused.body["details"][named].is_string(), "{refused:?}");
    }
    // A task of somebody else's is not written to.
    let mut foreign = said(&page[0]);
    foreign["taskId"] = json!(999_999);
    pod.report(&p, vec![foreign]).await.expect(200);
    assert_eq!(p.count("select count(*) from predictions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prediction_without_one_answer_has_failed_and_says_why() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 2, 2).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let told = page.iter().map(|item| failed(item, "NotANumber")).collect();
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 0, 2).await.expect(204);
    let seen = get(&p, &client, &format!("/predictions/{prediction}")).await;
    let seen = seen.expect(200);
    assert_eq!(seen["state"], "FAILED");
    let message = seen["message"].as_str().unwrap();
    assert!(message.contains("None of the 2 items"), "{message}");
    assert!(message.contains("bring another file"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_read_by_signed_links_of_the_version_that_the_task_was_made_of() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let display = json!([{"column": "text", "kind": "AUDIO"}]);
    let project = p.project(&client, json!({"display": display})).await;
    let key = format!("{}/clips/a.wav", client.namespace);
    p.put_object(&key, b"RIFF a".to_vec()).await;
    let dataset = p.loaded(&client, &project, 4, 4).await;
    for (row, cell) in [
        (1, format!("s3://{}/{key}", env("TEST_S3_BUCKET"))),
        (2, "https://elsewhere.example/b.wav".to_owned()),
        (3, String::new()),
        (
            4,
            format!("s3://{}/other-namespace/c.wav", env("TEST_S3_BUCKET")),
        ),
    ] {
        sqlx::query("update tasks set payload = jsonb_set(payload, '{text}', to_jsonb($2::text)) where row_no = $1")
            .bind(i64::from(row))
            .bind(cell)
            .execute(&p.rows)
            .await
            .unwrap();
    }
    let audio = json!({"sampleRateHz": 8000, "windowMillis": 1000, "hopMillis": 500, "features": "WAVEFORM"});
    let input = json!({"kind": "AUDIO", "column": "text", "audio": audio});
    let model = p
        .checked_model(&client, &project, json!({"input": input}))
        .await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    assert_eq!(
        pod.opened["model"]["input"]["audio"]["features"],
        "Waveform"
    );
    let page = items(&pod.items(&p, 0).await.expect(200));
    let read = p
        .http
        .get(page[0]["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(read.text().await.unwrap(), "RIFF a");
    assert_eq!(page[0]["name"], "a.wav");
    let reasons: Vec<_> = page[1..]
        .iter()
        .map(|item| &item["failure"]["reason"])
        .collect();
    assert_eq!(reasons, ["Unreachable", "MissingColumn", "Unreachable"]);
    assert!(page[1..].iter().all(|item| item["url"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_said_goes_with_it_where_the_policy_says_so() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 2, 2).await;
    let path = format!("/projects/{project}/uploads");
    let upload = p
        .call(Some(&client.token), Method::POST, &path, None)
        .await
        .expect(201);
    let put = p
        .http
        .put(format!(
            "{}/uploads/{}/file?name=m.onnx",
            p.url,
            upload["id"].as_str().unwrap()
        ))
        .bearer_auth(&client.token)
        .body("a model")
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    let uri = format!("{}m.onnx", upload["sourceUri"].as_str().unwrap());
    let model = p
        .checked_model(&client, &project, json!({"sourceUri": uri}))
        .await;
    let open = p
        .count("select count(*) from uploads where state = 'open' and right(object_key, 1) = '/'")
        .await;
    assert_eq!(open, 0, "the upload is the model's");
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    pod.report(&p, page.iter().map(said).collect())
        .await
        .expect(200);
    pod.complete(&p, 2, 0).await.expect(204);

    let uid = bound(&p, "predictions", &prediction).await;
    let path = format!("/internal/predictions/{prediction}?uid={uid}&policy=Retain");
    p.trusted(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(p.count("select count(*) from predictions").await, 2);
    get(&p, &client, &format!("/predictions/{prediction}"))
        .await
        .refused(404, "not_found");
    let uid = bound(&p, "models", &model).await;
    let path = format!("/internal/models/{model}?uid={uid}&policy=Delete");
    p.trusted(Method::DELETE, &path, None).await.expect(204);
    for sql in [
        "select count(*) from predictions",
        "select count(*) from models",
        "select count(*) from prediction_jobs",
    ] {
        assert_eq!(p.count(sql).await, 0, "{sql}");
    }
    assert_eq!(
        p.count("select count(*) from outbox where payload::text like '%m.onnx%'")
            .await,
        1
    );
    // Its uid never speaks again.
    let late = p.trusted(Method::DELETE, &path, None).await;
    late.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_takes_its_models_and_predictions_along() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 1, 1).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let path = format!("/projects/{project}");
    p.call(Some(&client.token), Method::DELETE, &path, None)
        .await
        .expect(202);
    // There is no operator here whose finalizer would hold them: they are gone, and so is the project.
    for path in [
        format!("/models/{model}"),
        format!("/predictions/{prediction}"),
    ] {
        get(&p, &client, &path).await.refused(404, "not_found");
    }
    assert_eq!(
        p.count("select count(*) from projects where bound_uid is null")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_predicts_may_do_that_and_nothing_else() {
    let (p, client, project) = setting().await;
    let dataset = p.loaded(&client, &project, 1, 1).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    // What other kinds of run do is not there for this one.
    let epoch = pod.epoch;
    let tensors = json!({"epoch": epoch, "sha256": "0".repeat(64), "sizeBytes": 1, "inputs": [], "outputs": []});
    for (what, body) in [
        ("source-url", json!({"epoch": epoch})),
        ("files", json!({"epoch": epoch})),
        ("parts", json!({"epoch": epoch, "partNumber": 1})),
        ("workers", json!({"epoch": epoch})),
        ("model", tensors),
    ] {
        let path = format!("/internal/runs/{}/{what}", pod.id);
        let refused = p.runner(&pod.token, &path, body).await;
        refused.refused(404, "not_found");
    }
    // Nothing of the operator's, and nothing of what people do.
    let path = format!("/internal/models/{model}/runs");
    let body = json!({"uid": uuid::Uuid::nil(), "attempt": 1});
    let refused = p.runner(&pod.token, &path, body).await;
    refused.refused(401, "internal_token_missing");
    for path in [
        "/projects".to_owned(),
        format!("/models/{model}"),
        "/tasks/next".to_owned(),
    ] {
        let refused = p.call(Some(&pod.token), Method::GET, &path, None).await;
        assert_eq!(refused.status, 401, "{path}: {refused:?}");
    }
    // Another tenant's pod does not see the run at all.
    let other = p.client("carl").await;
    let token = p.runner_token(&other.namespace).await;
    let path = format!("/internal/runs/{}/items", pod.id);
    let refused = p
        .runner(&token, &path, json!({"epoch": epoch, "after": 0}))
        .await;
    refused.refused(404, "not_found");
}
