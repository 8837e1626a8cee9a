//! Events as they happen.

use std::time::Duration;

use datacrowd_testkit::eventually;
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Platform};

/// Reads a stream until it has told so many events: their ids and data.
async fn read(
    p: &Platform,
    client: &Actor,
    project: &str,
    last: Option<&str>,
    count: usize,
) -> Vec<(String, Value)> {
    let path = format!("{}/projects/{project}/events/stream", p.url);
    let mut request = p.http.get(path).bearer_auth(&client.token);
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut bytes, mut text) = (response.bytes_stream(), String::new());
    let mut told = Vec::new();
    while told.len() < count {
        let more = tokio::time::timeout(Duration::from_secs(20), bytes.next());
        let more = more.await.unwrap().unwrap().unwrap();
        text += std::str::from_utf8(&more).unwrap();
        while let Some((event, rest)) = text.clone().split_once("\n\n") {
            rest.clone_into(&mut text);
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(id), Some(data)) = (line("id: "), line("data: ")) {
                told.push((id.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_comes_back_with_the_last_id_misses_nothing() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.relay().await;
    let reads = read(&p, &client, &project, Some("0"), 1).await;
    let (last, first) = &reads[0];
    assert_eq!(first["type"], "io.datacrowd.project.created.v1");
    p.relabel(&client, &project, json!({"rewardPoints": 7}))
        .await;
    p.grant(&project, 3).await;
    p.relay().await;
    let reads = read(&p, &client, &project, Some(last), 2).await;
    let types: Vec<_> = reads.iter().map(|(_, event)| &event["type"]).collect();
    assert_eq!(
        types,
        [
            "io.datacrowd.project.updated.v1",
            "io.datacrowd.quota.granted.v1"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_is_told_what_happens_and_nothing_of_other_clients() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let project = p.project(&client, json!({})).await;
    let foreign = p.project(&other, json!({})).await;
    p.relay().await;
    let path = format!("/projects/{project}/events");
    for tail in ["", "/stream"] {
        p.call(
            Some(&other.token),
            Method::GET,
            &format!("{path}{tail}"),
            None,
        )
        .await
        .refused(404, "not_found");
        let (_, wanda) = p.register(&format!("wanda{}", tail.len())).await;
        p.call(Some(&wanda), Method::GET, &format!("{path}{tail}"), None)
            .await
            .refused(403, "forbidden");
    }
    let (told, ()) = tokio::join!(read(&p, &client, &project, None, 1), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        p.relabel(&other, &foreign, json!({"rewardPoints": 7}))
            .await;
        p.grant(&project, 3).await;
        p.relay().await;
    });
    assert_eq!(told[0].1["type"], "io.datacrowd.quota.granted.v1");
    p.call(
        Some(&client.token),
        Method::GET,
        &format!("{path}?types=io.datacrowd.nothing"),
        None,
    )
    .await
    .refused(422, "invalid_request");
    let named = format!("{path}?types=io.datacrowd.quota.granted.v1");
    let named = p
        .call(Some(&client.token), Method::GET, &named, None)
        .await
        .expect(200);
    assert_eq!(named["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_being_stopped_ends_its_streams() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let path = format!("{}/projects/{project}/events/stream", p.url);
    let stream = p
        .http
        .get(path)
        .bearer_auth(&client.token)
        .send()
        .await
        .unwrap();
    p.app.drain();
    let rest = tokio::time::timeout(Duration::from_secs(3), stream.bytes());
    assert_eq!(
        rest.await.unwrap().unwrap(),
        ": open\n\n",
        "said before anything happens"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_opens_a_hundred_streams_and_takes_nobody_else_s() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let project = p.project(&client, json!({})).await;
    let theirs = p.project(&other, json!({})).await;
    let path = |project: &str| format!("/projects/{project}/events/stream");
    let url = format!("{}{}", p.url, path(&project));
    let mut open = Vec::new();
    for _ in 0..100 {
        let stream = p.http.get(&url).bearer_auth(&client.token);
        let stream = stream.send().await.unwrap();
        assert_eq!(stream.status(), 200);
        open.push(stream);
    }
    let get = async |client: &Actor, project: &str| {
        let url = format!("{}{}", p.url, path(project));
        let asked = p.http.get(url).bearer_auth(&client.token).send().await;
        asked.unwrap().status().as_u16()
    };
    assert_eq!(get(&client, &project).await, 429);
    assert_eq!(get(&other, &theirs).await, 200);
    open.pop();
    eventually(Duration::from_secs(20), || async {
        (get(&client, &project).await == 200).then_some(())
    })
    .await;
}
