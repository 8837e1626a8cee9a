//! Items that are rows of columns: what is taken, what models read of them, and what people see.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, InboxSetting as Setting, Platform, said_at, wav};

/// A project whose inbox has a model that reads the columns `amount` and `age`.
async fn setting(people: Value) -> Setting {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let form = json!({
        "display": [{"column": "note", "kind": "TEXT"}], "answersPerTask": 1, "reviewersPerAnswer": 0,
    });
    let project = p.project(&client, form).await;
    let inbox = p.inbox_with(&project, people).await;
    let columns = json!({"kind": "COLUMNS", "columns": ["amount", "age"]});
    let members = json!({"input": columns, "replicas": 1});
    let model = p.checked_model(&client, &project, members).await;
    let pod = p.runner_token(&client.namespace).await;
    Setting {
        p,
        client,
        project,
        inbox,
        model,
        pod,
    }
}

/// Sends this text as JSON, under this `Idempotency-Key`.
async fn send(p: &Platform, client: &Actor, path: &str, body: &str, key: Option<&str>) -> Answer {
    let mut request = p
        .http
        .post(format!("{}{path}", p.url))
        .bearer_auth(&client.token)
        .header("content-type", "application/json")
        .body(body.to_owned());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    crate::support::answer(request).await
}

impl Setting {
    async fn row(&self, body: &str, key: Option<&str>) -> Answer {
        let path = format!("/projects/{}/items", self.project);
        send(&self.p, &self.client, &path, body, key).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_answered_by_a_model_and_shown_to_people_digit_for_digit() {
    let s = setting(json!({"crowd": "Always"})).await;
    let body = r#"{"columns": {
        "amount": 12345678901234567.10, "age": "31", "note": "paid\nlate", "more": {"a": [1, 2]}}}"#;
    let item = s.row(body, None).await.expect(202);
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    assert_eq!(leased["taskId"], item["taskId"]);
    assert_eq!(leased["url"], Value::Null);
    assert_eq!(leased["cells"].as_object().unwrap().len(), 2, "{leased}");
    assert_eq!(leased["cells"]["age"], "31");
    s.report_as(lease, said_at(&leased, 0.9)).await.expect(204);
    let seen = s.seen(&item).await;
    assert_eq!(seen["state"], "PREDICTED");
    assert_eq!(seen["models"][0]["probability"], 0.9);
    assert_eq!(seen["crowd"]["state"], "ASKED");
    let (_, wanda) = s.p.register("wanda").await;
    let task = s.p.claim(&wanda, &s.project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(task["payload"]["note"], "paid\nlate");
    assert_eq!(task["payload"]["more"], json!({"a": [1, 2]}));
    let amount: String = sqlx::query_scalar("select payload->>'amount' from tasks")
        .fetch_one(&s.p.rows)
        .await
        .unwrap();
    assert_eq!(amount, "12345678901234567.10");
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_sent_again_is_the_one_that_is_there() {
    let s = setting(Value::Null).await;
    let body = r#"{"columns": {"amount": 1, "age": 2}}"#;
    let first = s.row(body, Some("row-1")).await.expect(202);
    assert_eq!(s.row(body, Some("row-1")).await.expect(202), first);
    // Its first try died behind its effect: the answer is not there.
    let forgotten = sqlx::query("delete from idempotency_keys")
        .execute(&s.p.rows)
        .await
        .unwrap();
    assert_eq!(forgotten.rows_affected(), 1);
    assert_eq!(s.row(body, Some("row-1")).await.expect(202), first);
    let other = r#"{"columns": {"amount": 1, "age": 3}}"#;
    let refused = s.row(other, Some("row-1")).await;
    refused.refused(422, "idempotency_key_reused");
    assert_ne!(s.row(body, None).await.expect(202), first);
    assert_eq!(s.p.count("select count(*) from tasks").await, 2);
    // Also where the tenant says only that it is its inbox.
    let all = send(&s.p, &s.client, "/upload", body, None).await;
    all.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_row_is_refused_by_its_member() {
    let s = setting(Value::Null).await;
    let long = format!(r#"{{"columns": {{"a": "{}"}}}}"#, "x".repeat(1 << 20));
    for (body, status, code, member) in [
        ("[]", 422, "invalid_request", "body"),
        ("{}", 422, "invalid_request", "columns"),
        (r#"{"columns": 5}"#, 422, "invalid_request", "columns"),
        (r#"{"columns": [1, 2]}"#, 422, "invalid_request", "columns"),
        (
            r#"{"columns": {"a": "\u0000"}}"#,
            422,
            "invalid_request",
            "columns.a",
        ),
        (
            r#"{"columns": {"a": 1, "a": 2}}"#,
            422,
            "invalid_request",
            "columns",
        ),
        (
            r#"{"inbox": "x", "columns": {"a": 1}}"#,
            422,
            "invalid_request",
            "inbox",
        ),
        (r#"{"rows": {"a": 1}}"#, 422, "unknown_field", "rows"),
        (&long, 413, "payload_too_large", ""),
    ] {
        let refused = s.row(body, None).await;
        let shown = &body[..body.len().min(60)];
        assert_eq!(refused.status, status, "{shown}: {:#}", refused.body);
        assert_eq!(refused.body["code"], code, "{shown}: {:#}", refused.body);
        assert!(
            member.is_empty() || refused.body["details"].get(member).is_some(),
            "{shown}: {:#}",
            refused.body
        );
    }
    let unknown = r#"{"inbox": "00000000-0000-0000-0000-000000000000", "columns": {"a": 1}}"#;
    s.row(unknown, None).await.refused(404, "inbox_not_found");
    assert_eq!(s.p.count("select count(*) from tasks").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_model_is_asked_of_what_it_reads() {
    let s = setting(Value::Null).await;
    let body = r#"{"columns": {"amount": 1, "age": 2}}"#;
    let recording = s.p.send_item(&s.client, &s.project, &wav(b"x")).await;
    recording.refused(415, "unsupported_media_type");
    let recording = s.p.send_item(&s.client, &s.project, &wav(b"x")).await;
    let said = recording.body["message"].as_str().unwrap();
    assert!(said.contains("amount, age"), "{said}");
    let listener = s.p.warm_model(&s.client, &s.project).await;
    let recording = s.p.send_item(&s.client, &s.project, &wav(b"x")).await;
    let (recording, row) = (recording.expect(202), s.row(body, None).await.expect(202));
    let asked = async |item: &Value| s.seen(item).await["models"][0]["modelId"].clone();
    assert_eq!(asked(&recording).await, json!(listener));
    assert_eq!(asked(&row).await, json!(s.model));
    // Of the models of columns none is kept loaded any more.
    let path = format!("/models/{}", s.model);
    let cold = Some(json!({"replicas": 0}));
    let token = Some(s.client.token.as_str());
    s.p.call(token, Method::PATCH, &path, cold)
        .await
        .expect(200);
    let refused = s.row(body, None).await;
    assert!(
        refused.body["message"]
            .as_str()
            .unwrap()
            .contains("multipart/form-data"),
        "{:#}",
        refused.body
    );
    refused.refused(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_is_made_over_rest_and_takes_items_at_once() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.warm_model(&client, &project).await;
    let path = format!("/projects/{project}/inboxes");
    let body = r#"{"crowd": "UNCERTAIN", "askBelow": 0.8}"#;
    let made = send(&p, &client, &path, body, Some("inbox-1")).await;
    let made = made.expect(201);
    assert_eq!(
        (&made["format"], &made["state"], &made["inbox"]),
        (
            &json!("INBOX"),
            &json!("READY"),
            &json!({"crowd": "UNCERTAIN", "askBelow": 0.8, "holdSeconds": 300})
        ),
        "{made}"
    );
    let again = send(&p, &client, &path, body, Some("inbox-1")).await;
    assert_eq!(again.expect(201)["id"], made["id"]);
    let item = p.send_item(&client, &project, &wav(b"x")).await.expect(202);
    let seen = format!("/items/{}", item["itemId"].as_str().unwrap());
    let token = Some(client.token.as_str());
    let seen = p.call(token, Method::GET, &seen, None).await.expect(200);
    assert_eq!(seen["inbox"], made["id"]);
    for (body, member) in [
        (r#"{"crowd": "UNCERTAIN"}"#, "askBelow"),
        (r#"{"askBelow": 0.5}"#, "askBelow"),
        (r#"{"crowd": "UNCERTAIN", "askBelow": 2}"#, "askBelow"),
        (r#"{"crowd": "SOMETIMES"}"#, "crowd"),
        (r#"{"crowd": "ALWAYS", "holdSeconds": 5}"#, "holdSeconds"),
    ] {
        let refused = send(&p, &client, &path, body, None).await;
        assert!(
            refused.body["details"].get(member).is_some(),
            "{body}: {:#}",
            refused.body
        );
        refused.refused(422, "invalid_request");
    }
    let carl = p.client("carl").await;
    let others = send(&p, &carl, &path, "{}", None).await;
    others.refused(404, "not_found");
    assert_eq!(p.count("select count(*) from datasets").await, 1);
    p.assert_consistent().await;
}
