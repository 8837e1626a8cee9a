//! What the API answers, member by member: a body that changes is seen as a whole, in `snapshots/`. What differs from
//! run to run is shown by its form.

use chrono::DateTime;
use datacrowd_labelling::BillingMode;
use insta::{Settings, dynamic_redaction, internals::Content};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    models::{items, said},
    support::{Actor, ExportRun, PASSWORD, Platform, Predictor, Run, answer, inbox_setting, wav},
};

/// Members that are other in each run, and look alike: ids, times, names that are drawn, and addresses made of these.
const DRAWN: [&str; 31] = [
    "answerId",
    "at",
    "batchId",
    "completedAt",
    "correlationId",
    "createdAt",
    "datasetId",
    "datasetName",
    "decidedAt",
    "expiresAt",
    "exportId",
    "id",
    "inbox",
    "itemId",
    "model",
    "modelId",
    "modelName",
    "name",
    "namespace",
    "paidAt",
    "paymentId",
    "projectId",
    "resource",
    "sourceUri",
    "startedAt",
    "statusUrl",
    "submittedAt",
    "taskId",
    "timestamp",
    "token",
    "updatedAt",
];

/// Members of which nothing is shown but that they are texts.
const OPAQUE: [&str; 4] = [
    "accessToken",
    "checkoutUrl",
    "refreshToken",
    "stripeSessionId",
];

/// What a value looks like in each run. What a caller chose stays.
fn look(value: Content) -> Content {
    match value.as_str() {
        Some(text) if DateTime::parse_from_rfc3339(text).is_ok() => "[time]".into(),
        Some(text) if text.parse::<i64>().is_ok() => "[digits]".into(),
        Some(text) => {
            let segments: Vec<_> = text.split('/').map(look_of_segment).collect();
            segments.join("/").into()
        }
        None if value.as_i64().is_some() => "[number]".into(),
        None => value,
    }
}

fn look_of_segment(segment: &str) -> String {
    if segment.parse::<Uuid>().is_ok() {
        return "[uuid]".to_owned();
    }
    if segment.starts_with("dc-clara") {
        return "[namespace]".to_owned();
    }
    let mut parts = segment.split('-');
    let mut look = parts.next().unwrap().to_owned();
    for part in parts {
        let drawn = part.len() == 5; // what the names of resources end with
        look = format!("{look}-{}", if drawn { "[drawn]" } else { part });
    }
    look
}

/// Compares a body with its snapshot.
fn told(name: &str, body: &Value) {
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    for member in DRAWN {
        let look = dynamic_redaction(|value, _| look(value));
        settings.add_redaction(&format!(".**.{member}"), look);
    }
    for member in OPAQUE {
        let text = dynamic_redaction(|value, _| match value.as_str() {
            Some(_) => "[text]".into(),
            None => value,
        });
        settings.add_redaction(&format!(".**.{member}"), text);
    }
    settings.bind(|| insta::assert_json_snapshot!(name, body));
}

async fn get(p: &Platform, token: &str, path: &str) -> Value {
    let answer = p.call(Some(token), Method::GET, path, None).await;
    answer.expect(200)
}

async fn post(p: &Platform, token: &str, path: &str, body: Value, status: u16) -> Value {
    let answer = p.call(Some(token), Method::POST, path, Some(body)).await;
    answer.expect(status)
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap()
}

/// A dataset of two rows, from its file to its tasks.
async fn dataset(p: &Platform, client: &Actor, project: &str) {
    let csv = b"id,text\ni1,good\ni2,\"bad, really\"\n".to_vec();
    let made = p.upload(client, project, "items.csv", csv, 100).await;
    let made = made.expect(201);
    told("dataset_create", &made);
    let path = format!("/datasets/{}", text(&made, "id"));
    let generate = format!("{path}/generate-tasks");
    told(
        "dataset_generate",
        &post(p, &client.token, &generate, json!({}), 202).await,
    );
    let run = Run::open(p, client, text(&made, "id"), "pod-1").await;
    run.load(p, 1, 2).await.expect(200);
    run.complete(p, 2).await.expect(204);
    told("dataset_get", &get(p, &client.token, &path).await);
    let list = format!("/projects/{project}/datasets");
    told("dataset_list", &get(p, &client.token, &list).await);
}

/// A worker's answer, and the reviewer's verdict.
async fn answered(p: &Platform, project: &str, worker: &str, reviewer: &str) {
    told("work_list", &get(p, worker, "/work/projects").await);
    let next = format!("/tasks/next?projectId={project}");
    told("task_next", &get(p, worker, &next).await);
    let claimed = p.claim(worker, project, 1).await.expect(200);
    told("task_claim", &claimed);
    let submitted = p
        .submit(worker, &claimed["tasks"][0], "1")
        .await
        .expect(201);
    told("task_submit", &submitted);
    let next = format!("/reviews/next?projectId={project}");
    told("review_next", &get(p, reviewer, &next).await);
    let verdict = p.decide(reviewer, &submitted["answerId"], "approve").await;
    told("review_approve", &verdict.expect(200));
    told("answer_list", &get(p, worker, "/me/answers").await);
    told("points", &get(p, worker, "/me/points").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_on_the_way_from_a_file_to_an_export() {
    let p = Platform::start().await;
    let body = json!({"email": "wanda@example.com", "username": "wanda", "password": PASSWORD});
    let registered = p
        .call(None, Method::POST, "/auth/register", Some(body))
        .await;
    told("register", &registered.expect(201));
    let body = json!({"login": "wanda", "password": PASSWORD});
    let tokens = p.call(None, Method::POST, "/auth/login", Some(body)).await;
    let tokens = tokens.expect(200);
    told("login", &tokens);
    let (_, reviewer) = p.register("wim").await;

    let client = p.client("clara").await;
    let token = client.token.as_str();
    let body = json!({"displayName": "Reviews", "dataType": "TEXT", "labeling": crate::support::labeling(json!({}))});
    let project = post(&p, token, "/projects", body, 201).await;
    told("project_create", &project);
    let id = text(&project, "id");
    p.grant(id, 10).await;
    dataset(&p, &client, id).await;
    answered(&p, id, text(&tokens, "accessToken"), &reviewer).await;
    told(
        "project_get",
        &get(&p, token, &format!("/projects/{id}")).await,
    );
    told("project_list", &get(&p, token, "/projects").await);

    let export = format!("/projects/{id}/export");
    let export = post(&p, token, &export, json!({"format": "JSONL"}), 202).await;
    told("export_create", &export);
    let run = ExportRun::open(&p, &client, text(&export, "exportId")).await;
    run.finish(&p).await;
    let export = format!("/exports/{}", text(&export, "exportId"));
    told("export_get", &get(&p, token, &export).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_models_and_of_what_they_say() {
    let s = inbox_setting().await;
    let (p, token) = (&s.p, s.client.token.as_str());
    let taken = s.send(&wav(b"one two three")).await;
    told("item_create", &taken);
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    s.report(lease, &leased).await.expect(204);
    told("item_get", &s.seen(&taken).await);

    p.grant(&s.project, 2).await;
    let dataset = p.loaded(&s.client, &s.project, 2, 2).await;
    let model = p.checked_model(&s.client, &s.project, json!({})).await;
    let prediction = p.prediction(&s.client, &s.project, &model, &dataset).await;
    let pod = Predictor::open(p, &s.client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(p, 0).await.expect(200));
    pod.report(p, page.iter().map(said).collect())
        .await
        .expect(200);
    pod.complete(p, 2, 0).await.expect(204);
    told(
        "model_get",
        &get(p, token, &format!("/models/{model}")).await,
    );
    let prediction = format!("/predictions/{prediction}");
    told("prediction_get", &get(p, token, &prediction).await);
    let said = format!("{prediction}/items");
    told("prediction_items", &get(p, token, &said).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_payments_and_of_webhooks() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let token = client.token.as_str();
    let project = p.project(&client, json!({})).await;
    let wish = json!({"projectId": project, "judgements": 3708});
    told(
        "payment_checkout",
        &post(&p, token, "/payments/checkout", wish, 201).await,
    );
    told("payment_list", &get(&p, token, "/payments").await);

    let hook = json!({"url": "https://example.com/hook", "eventTypes": ["io.datacrowd.quota.granted.v1"], "description": "to the books"});
    let hook = post(&p, token, "/webhook-endpoints", hook, 201).await;
    told("webhook_create", &hook);
    let hook = format!("/webhook-endpoints/{}", text(&hook, "id"));
    told("webhook_get", &get(&p, token, &hook).await);
}

/// One of each status with which a caller is refused.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_refusals() {
    let p = Platform::with_limits(0, 2).await;
    let (_, wanda) = p.register("wanda").await;
    let send = async |token: Option<&str>, method, path: &str, body: &'static str| {
        let mut request = p.http.request(method, format!("{}{path}", p.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        answer(request).await
    };
    let (register, work) = (
        "/auth/register",
        "/work/projects/00000000-0000-0000-0000-000000000000",
    );
    let wanda_again = r#"{"email": "wanda@example.com", "username": "wanda", "password": "correct horse battery staple"}"#;
    let mut refusals = serde_json::Map::new();
    for (status, token, method, path, body) in [
        (400, None, Method::POST, register, "{"),
        (401, None, Method::GET, "/me", ""),
        (403, Some(wanda.as_str()), Method::GET, "/admin/users", ""),
        (404, Some(wanda.as_str()), Method::GET, work, ""),
        (409, None, Method::POST, register, wanda_again),
        (
            422,
            None,
            Method::POST,
            register,
            r#"{"email": "wanda", "username": "w", "password": "short"}"#,
        ),
    ] {
        let refused = send(token, method, path, body).await.expect(status);
        refusals.insert(status.to_string(), refused);
    }
    let limited = loop {
        let answer = send(Some(&wanda), Method::GET, "/me", "").await;
        if answer.status != 200 {
            break answer.expect(429);
        }
    };
    refusals.insert("429".to_owned(), limited);
    told("refusals", &Value::Object(refusals));
}
