//! Items that arrive one at a time: who may send them, what is taken, and what becomes of them.

use std::time::Duration;

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Field, Platform, form, inbox_setting as setting, said, wav};

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_answered_by_a_warm_model_and_costs_nothing() {
    let s = setting().await;
    let bytes = wav(b"one two three");
    let item = s.send(&bytes).await;
    let url = format!("/api/v1/items/{}", item["itemId"].as_str().unwrap());
    assert_eq!(item["statusUrl"], url);
    let queued = s.seen(&item).await;
    assert_eq!(
        (&queued["state"], &queued["taskId"], &queued["inbox"]),
        (&json!("QUEUED"), &item["taskId"], &json!(s.inbox))
    );

    let opened = s.p.queue(&s.pod, &s.model, "open", json!(null)).await;
    let opened = opened.expect(200);
    assert_eq!(opened["input"]["column"], "file");
    assert!(opened["url"].as_str().unwrap().contains("voice.onnx"));
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    assert_eq!(leased["taskId"], item["taskId"]);
    let got =
        s.p.http
            .get(leased["url"].as_str().unwrap())
            .header("if-match", leased["etag"].as_str().unwrap())
            .send()
            .await
            .unwrap();
    assert_eq!(got.status(), 200);
    assert_eq!(got.bytes().await.unwrap(), bytes);
    s.report(lease, &leased).await.expect(204);
    let seen = s.seen(&item).await;
    assert_eq!(seen["state"], "PREDICTED");
    let word = &seen["models"][0];
    assert_eq!(
        (&word["label"], &word["probability"], &word["millis"]),
        (&json!("1"), &json!(0.75), &json!(41.5))
    );
    assert_eq!(word["labels"]["0"], 0.2);
    assert_eq!(word["version"], "0".repeat(64));
    let path = format!("/status?id={}", item["itemId"].as_str().unwrap());
    let token = Some(s.client.token.as_str());
    let same = s.p.call(token, Method::GET, &path, None).await.expect(200);
    assert_eq!(same, seen);

    // No place of a worker opened, nothing was charged, and nothing is left to do in the project.
    assert_eq!(
        s.p.count("select count(*) from tasks where queue_pos is not null or charged")
            .await,
        0
    );
    assert_eq!(s.p.count("select tasks_used from projects").await, 0);
    let path = format!("/projects/{}", s.project);
    let project = s.p.call(token, Method::GET, &path, None).await.expect(200);
    assert_eq!(project["tasks"]["total"], 0, "{project}");
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predictor_that_waits_hears_of_an_item_and_one_that_fails_says_why() {
    let s = setting().await;
    let lease = Uuid::new_v4();
    let (leased, item) = tokio::join!(s.lease(lease, 20), async { s.send(&wav(b"later")).await });
    assert_eq!(leased["taskId"], item["taskId"]);
    // The same question again gets the same answer: the first may be lost.
    let again = s.lease(lease, 0).await;
    assert_eq!(again["taskId"], leased["taskId"]);
    let mut failed = said(&leased);
    for member in ["label", "probability", "probabilities"] {
        failed.as_object_mut().unwrap().remove(member);
    }
    failed["failure"] = json!({"reason": "Undecodable", "message": "Convert it anew."});
    let body = json!({"lease": lease, "item": failed});
    let told = s.p.queue(&s.pod, &s.model, "report", body).await;
    told.expect(204);
    let seen = s.seen(&item).await;
    assert_eq!(seen["state"], "FAILED");
    assert_eq!(seen["models"][0]["reason"], "UNDECODABLE");
    assert_eq!(seen["models"][0]["message"], "Convert it anew.");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_predictors_race_for_an_item_and_it_has_one_prediction() {
    let s = setting().await;
    let item = s.send(&wav(b"raced for")).await;
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let (first, second) = tokio::join!(s.lease(one, 0), s.lease(two, 0));
    let (held, other, leased) = match first.is_null() {
        false => (one, two, first),
        true => (two, one, second.clone()),
    };
    assert_eq!(leased["taskId"], item["taskId"]);
    assert!(s.lease(other, 0).await.is_null(), "it is lent already");
    // Its predictor hangs for longer than an item is lent.
    sqlx::query("update prediction_queue set leased_until = now()")
        .execute(&s.p.rows)
        .await
        .unwrap();
    let again = s.lease(other, 0).await;
    assert_eq!(again["taskId"], item["taskId"]);
    s.report(held, &leased).await.refused(409, "fenced");
    assert_eq!(s.seen(&item).await["state"], "QUEUED");
    s.report(other, &again).await.expect(204);
    s.report(other, &again).await.refused(409, "fenced");
    assert_eq!(s.p.count("select count(*) from predictions").await, 1);
    assert_eq!(s.p.count("select predicted from models").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_predictor_gives_back_goes_to_the_next() {
    let s = setting().await;
    let item = s.send(&wav(b"given back")).await;
    for _ in 0..5 {
        let lease = Uuid::new_v4();
        assert_eq!(s.lease(lease, 0).await["taskId"], item["taskId"]);
        let body = json!({ "lease": lease });
        let back = s.p.queue(&s.pod, &s.model, "return", body).await;
        back.expect(204);
    }
    assert_eq!(
        s.p.count("select attempts::bigint from prediction_queue")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_its_tenants_alone() {
    let s = setting().await;
    let carl = s.p.client("carl").await;
    let item = s.send(&wav(b"private")).await;
    let path = format!("/items/{}", item["itemId"].as_str().unwrap());
    let asked = s.p.call(Some(&carl.token), Method::GET, &path, None).await;
    asked.refused(404, "not_found");
    let refused = s.p.send_item(&carl, &s.project, &wav(b"x")).await;
    refused.refused(404, "not_found");
    let named = form(&[
        ("inbox", None, s.inbox.as_bytes()),
        ("file", Some("a.wav"), &wav(b"x")),
    ]);
    let refused = s.p.send_form(&carl, "/upload", named, None).await;
    refused.refused(404, "inbox_not_found");
    let stranger = s.p.runner_token(&carl.namespace).await;
    let lease = json!({"lease": Uuid::new_v4(), "waitSeconds": 0});
    for (what, body) in [
        ("open", json!(null)),
        ("lease", lease.clone()),
        ("return", json!({"lease": Uuid::new_v4()})),
    ] {
        let asked = s.p.queue(&stranger, &s.model, what, body).await;
        asked.refused(404, "not_found");
    }
    assert_eq!(s.p.count("select count(*) from inbox_items").await, 1);
    assert_eq!(
        s.p.count("select attempts::bigint from prediction_queue")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_is_one_item() {
    let s = setting().await;
    let send = async |path: &str, bytes: &[u8], key: &str| {
        let body = form(&[("file", Some("a.wav"), bytes)]);
        s.p.send_form(&s.client, path, body, Some(key)).await
    };
    let items = format!("/projects/{}/items", s.project);
    for (path, key) in [(items.as_str(), "first"), ("/upload", "second")] {
        let item = send(path, &wav(b"once"), key).await.expect(202);
        let again = send(path, &wav(b"once"), key).await.expect(202);
        assert_eq!(item, again);
        let other = send(path, &wav(b"twice"), key).await;
        other.refused(422, "idempotency_key_reused");
    }
    assert_eq!(s.p.count("select count(*) from inbox_items").await, 2);
    assert_eq!(s.p.count("select count(*) from prediction_queue").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_recording_is_refused_and_leaves_nothing() {
    let s = setting().await;
    let before = s.p.stored(&s.client.namespace).await;
    let path = format!("/projects/{}/items", s.project);
    let sound = wav(b"sound");
    let table: [(&[Field<'_>], u16, &str); 7] = [
        (&[], 422, "invalid_request"),
        (&[("file", Some("a.wav"), b"")], 422, "invalid_request"),
        (
            &[("file", Some("a.wav"), b"hello, this is text")],
            415,
            "unsupported_media_type",
        ),
        (
            &[("file", Some("a.wav"), b"\x89PNG\r\n\x1a\n0000")],
            415,
            "unsupported_media_type",
        ),
        (
            &[
                ("inbox", None, b"nonsense"),
                ("file", Some("a.wav"), &sound),
            ],
            422,
            "invalid_request",
        ),
        (
            &[
                ("inbox", None, b"00000000-0000-0000-0000-000000000000"),
                ("file", Some("a.wav"), &sound),
            ],
            404,
            "inbox_not_found",
        ),
        (
            &[("batchSize", None, b"1"), ("file", Some("a.wav"), &sound)],
            422,
            "unknown_field",
        ),
    ];
    for (parts, status, code) in table {
        let sent = s.p.send_form(&s.client, &path, form(parts), None).await;
        sent.refused(status, code);
    }
    let row = Some(json!({"columns": {"amount": 5}}));
    let json = s.p.call(Some(&s.client.token), Method::POST, &path, row);
    json.await.refused(415, "unsupported_media_type");
    let twice = [
        ("file", Some("a.wav"), sound.as_slice()),
        ("file", Some("b.wav"), &sound),
    ];
    let sent = s.p.send_form(&s.client, &path, form(&twice), None).await;
    sent.refused(422, "invalid_request");
    let mut large = sound.clone();
    large.resize(64 * 1024 * 1024 + 1, 0);
    let sent = s.p.send_item(&s.client, &s.project, &large).await;
    sent.refused(413, "payload_too_large");
    // What arrived in parts is taken back behind the answer.
    let gone = async {
        while s.p.stored(&s.client.namespace).await != before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(gone.is_ok(), "something of what was refused is left");
    assert_eq!(s.p.count("select count(*) from tasks").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_takes_items_only_where_something_answers_them() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let send = async || p.send_item(&client, &project, &wav(b"x")).await;
    send().await.refused(404, "inbox_not_found");
    let mut resource = p.inbox_resource(&project, "calls").await;
    let put = async |resource: &Value| {
        p.trusted(Method::PUT, "/internal/datasets", Some(resource.clone()))
            .await
            .expect(200)
    };
    let view = put(&resource).await;
    assert_eq!(
        (&view["state"], &view["warmModels"]),
        (&json!("Ready"), &json!(0))
    );
    send().await.refused(409, "no_warm_model");
    // One that reads columns has nothing to read.
    let columns = json!({"replicas": 1});
    p.checked_model(&client, &project, columns).await;
    send().await.refused(415, "unsupported_media_type");
    p.warm_model(&client, &project).await;
    assert_eq!(put(&resource).await["warmModels"], 2);
    send().await.expect(202);
    resource["generation"] = json!(2);
    resource["spec"]["suspend"] = json!(true);
    put(&resource).await;
    send().await.refused(409, "inbox_suspended");
    resource["generation"] = json!(3);
    resource["spec"]["suspend"] = json!(false);
    put(&resource).await;
    p.inbox(&project).await;
    send().await.refused(409, "inbox_ambiguous");
    let path = format!("/datasets/{}", view["id"].as_str().unwrap());
    let seen = p.call(Some(&client.token), Method::GET, &path, None).await;
    assert_eq!(seen.expect(200)["format"], "INBOX");
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_inbox_is_refused_in_words() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let fine = p.inbox_resource(&project, "calls").await;
    for (at, value, why) in [
        (
            "/spec/source/uri",
            json!("s3://b/a.csv"),
            "has no source.uri",
        ),
        ("/spec/source/delimiter", json!("Comma"), "source.delimiter"),
        ("/spec/source/include", json!(["*.wav"]), "source.include"),
        ("/spec/batchSize", json!(5), "belongs to rows"),
        ("/spec/maxInvalidRows", json!(5), "belongs to rows"),
        ("/spec/source/format", json!("Files"), "source.uri names"),
    ] {
        let mut resource = fine.clone();
        let (parent, key) = at.rsplit_once('/').unwrap();
        resource.pointer_mut(parent).unwrap()[key] = value;
        let put = p.trusted(Method::PUT, "/internal/datasets", Some(resource));
        let refused = put.await.refused(422, "invalid_spec");
        assert!(refused.to_string().contains(why), "{at}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_keeps_no_project_open_and_goes_with_its_files() {
    let s = setting().await;
    s.send(&wav(b"gone soon")).await;
    s.p.grant(&s.project, 10).await;
    let dataset = s.p.loaded(&s.client, &s.project, 1, 1).await;
    sqlx::query("update datasets set state = 'completed' where id = $1::uuid")
        .bind(&dataset)
        .execute(&s.p.rows)
        .await
        .unwrap();
    sqlx::query("select project_settle_v1($1::uuid), dataset_settle_v1($2::uuid, now())")
        .bind(&s.project)
        .bind(&s.inbox)
        .execute(&s.p.rows)
        .await
        .unwrap();
    assert_eq!(
        s.p.count("select count(*) from projects where state = 'completed'")
            .await,
        1
    );
    assert_eq!(
        s.p.count("select count(*) from datasets where inbox is not null and state = 'ready'")
            .await,
        1
    );
    let uid: Uuid = sqlx::query_scalar("select bound_uid from datasets where id = $1::uuid")
        .bind(&s.inbox)
        .fetch_one(&s.p.rows)
        .await
        .unwrap();
    let path = format!("/internal/datasets/{}?uid={uid}&policy=Delete", s.inbox);
    loop {
        let gone = s.p.trusted(Method::DELETE, &path, None).await;
        if gone.status == 204 || gone.status == 404 {
            break;
        }
        assert_eq!(gone.status, 202, "{}", gone.body);
    }
    assert_eq!(s.p.count("select count(*) from inbox_items").await, 0);
    assert_eq!(s.p.count("select count(*) from prediction_queue").await, 0);
    let folder = format!("{}/datasets/{}/files/", s.client.namespace, s.inbox);
    let going: bool = sqlx::query_scalar(
        "select exists (select from outbox where payload::text like '%' || $1 || '%')",
    )
    .bind(&folder)
    .fetch_one(&s.p.rows)
    .await
    .unwrap();
    assert!(going, "the files stay");
}

/// Three windows of two seconds, one second apart, whose mean is the word of 0.75.
fn windows() -> Value {
    let window = |start: f64, one: f64| json!({"startSeconds": start, "endSeconds": start + 2.0, "probabilities": {"-1": 0.05, "0": 0.95 - one, "1": one}});
    json!([window(0.0, 0.9), window(1.0, 0.75), window(1.5, 0.6)])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_says_of_each_window_is_kept_and_shown() {
    let s = setting().await;
    let item = s.send(&wav(b"one two three")).await;
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    assert_eq!(leased["windows"], 240, "as many as are kept");
    let told = |windows: &Value| {
        let mut told = said(&leased);
        told["windows"] = windows.clone();
        told
    };
    let with = |path: &str, value: Value| {
        let mut windows = windows();
        *windows.pointer_mut(path).unwrap() = value;
        windows
    };
    let many: Vec<_> = (0..241)
        .map(|at| json!({"startSeconds": at, "endSeconds": at + 1, "probabilities": {"-1": 0, "0": 0, "1": 1}}))
        .collect();
    for (windows, why) in [
        (
            with("/0/probabilities", json!({"-1": 0, "0": 0, "2": 1})),
            "the model's labels",
        ),
        (
            with("/0/probabilities", json!({"1": 1})),
            "the model's labels",
        ),
        (with("/1/probabilities/1", json!(1.1)), "from 0 to 1"),
        (with("/1/startSeconds", json!(0.0)), "the order of time"),
        (
            with("/1/endSeconds", json!(1.0)),
            "end behind where it starts",
        ),
        (
            with("/0/startSeconds", json!(-1.0)),
            "end behind where it starts",
        ),
        (json!(many), "are at most 240 here"),
    ] {
        let refused = s.report_as(lease, told(&windows)).await;
        let details = refused.refused(422, "invalid_spec").to_string();
        assert!(details.contains(why), "{details}");
    }
    s.report_as(lease, told(&windows())).await.expect(204);
    let word = &s.seen(&item).await["models"][0];
    assert_eq!(word["windows"], windows());
    let shown = word["windows"].as_array().unwrap();
    for label in ["-1", "0", "1"] {
        let sum: f64 = shown
            .iter()
            .map(|window| window["probabilities"][label].as_f64().unwrap())
            .sum();
        let of_item = word["labels"][label].as_f64().unwrap();
        assert!((sum / 3.0 - of_item).abs() < 1e-9, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predictor_that_tells_of_no_windows_is_heard_all_the_same() {
    let s = setting().await;
    let item = s.send(&wav(b"one two three")).await;
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    s.report(lease, &leased).await.expect(204);
    let word = &s.seen(&item).await["models"][0];
    assert_eq!((&word["label"], word.get("windows")), (&json!("1"), None));
}
