//! An event carries the request that caused it.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, Platform, answer};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn asks(
    p: &Platform,
    token: &str,
    request: (Method, &str),
    body: Value,
    trace: &str,
) -> Answer {
    let (method, path) = request;
    let request = p
        .http
        .request(method, format!("{}{path}", p.url))
        .json(&body);
    let request = request.header("idempotency-key", Uuid::new_v4().to_string());
    answer(request.header("traceparent", trace).bearer_auth(token)).await
}

async fn causes(p: &Platform, client: &Actor, kind: &str) -> Vec<Value> {
    p.relay().await;
    let told = p.call(Some(&client.token), Method::GET, "/events", None);
    let told = told.await.expect(200);
    let told = told["items"].as_array().unwrap().iter();
    let told = told.filter(|e| e["type"] == format!("io.datacrowd.{kind}.v1"));
    told.map(|event| event["traceparent"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_carries_the_trace_of_its_request_and_of_no_other() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    for (name, trace) in [("wanda", TRACE), ("wim", ""), ("willa", "00-nonsense-01")] {
        let (worker, _) = p.register(name).await;
        let path = format!("/projects/{project}/workers/{worker}");
        let put = (Method::PUT, path.as_str());
        let done = asks(&p, &client.token, put, json!({}), trace).await;
        done.expect(200);
    }
    let told = causes(&p, &client, "worker.added").await;
    assert_eq!(told, [json!(TRACE), Value::Null, Value::Null]);

    // What goes on without its client, in another context.
    let admin = p.login("admin").await;
    let tenant = p.me(&client).await["tenant"]["name"].clone();
    let body = json!({"role": "CLIENT", "tenant": tenant});
    let post = (Method::POST, "/admin/invitations");
    let later = format!("01{}-later", &TRACE[2..]);
    asks(&p, &admin, post, body, &later).await.expect(201);
    assert_eq!(causes(&p, &client, "user.invited").await, [json!(TRACE)]);
}
