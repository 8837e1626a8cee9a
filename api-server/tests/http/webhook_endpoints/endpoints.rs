//! Endpoints: made, changed, tried out; and what they are told.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::sink::{Says, Sink};
use crate::support::Platform;

const GRANTED: &str = "io.datacrowd.quota.granted.v1";

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_told_what_it_asked_for_once_and_signed() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let (project, foreign) = (
        p.project(&client, json!({})).await,
        p.project(&other, json!({})).await,
    );
    let (some, all) = (
        Sink::start(Says::Status(204)).await,
        Sink::start(Says::Status(200)).await,
    );
    let hook = p.hook(&client, &some.url, &[GRANTED]).await;
    p.hook(&client, &all.url, &[]).await;
    let first = p.secret(&client, &hook).await;
    for (of, judgements) in [(&project, 3), (&foreign, 5)] {
        p.grant(of, judgements).await;
    }
    p.dispatch().await;
    p.dispatch().await;
    let heard = some.heard();
    assert_eq!(heard.len(), 1);
    let (event, listed) = (heard[0].event(), p.events(&client, &project).await);
    assert_eq!(listed.iter().filter(|e| **e == event).count(), 1);
    assert_eq!(
        (&event["type"], event["data"]["judgements"].as_i64()),
        (&json!(GRANTED), Some(3))
    );
    assert_eq!(
        heard[0].headers["content-type"],
        "application/cloudevents+json; charset=utf-8"
    );
    assert_eq!(heard[0].id(), event["id"].as_str().unwrap());
    assert!(heard[0].is_signed_by(&first));
    assert_eq!(
        all.heard().len(),
        2,
        "the project's beginning, and the grant"
    );
    assert!(!all.heard()[0].is_signed_by(&first));

    // While a secret is replaced, both sign; a day later, the new one only.
    let second = p.secret(&client, &hook).await;
    p.grant(&project, 1).await;
    p.dispatch().await;
    let both = some.heard().pop().unwrap();
    assert!(both.is_signed_by(&first) && both.is_signed_by(&second));
    p.grant(&project, 1).await;
    sqlx::query(
        "update webhook_endpoints set previous_until = now() where previous_until is not null",
    )
    .execute(&p.told.owner_pool())
    .await
    .unwrap();
    p.dispatch().await;
    let new = some.heard().pop().unwrap();
    assert!(!new.is_signed_by(&first) && new.is_signed_by(&second));
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select secret from webhook_endpoints")
        .fetch_all(&p.told.owner_pool())
        .await
        .unwrap();
    let plain = second.trim_start_matches("whsec_").as_bytes();
    assert!(
        !kept
            .iter()
            .any(|kept| kept.windows(plain.len()).any(|w| w == plain))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_endpoint_is_refused_by_its_member() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let foreign = p.project(&other, json!({})).await;
    let make = async |body: Value| p.hooks(&client, Method::POST, "", Some(body)).await;
    for url in [
        "example.com/hook",
        "ftp://example.com/",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https:///path-only#",
        "",
    ] {
        let refused = make(json!({"url": url}))
            .await
            .refused(422, "invalid_request");
        assert!(refused["details"]["url"].is_string(), "{url}");
    }
    let url = "https://example.com/hook";
    let refused = make(json!({"url": url, "eventTypes": ["io.datacrowd.nothing.v1"]})).await;
    let refused = refused.refused(422, "invalid_request");
    assert!(
        refused["details"]["eventTypes"]
            .as_str()
            .unwrap()
            .contains("GET /events/schemas")
    );
    make(json!({"url": url, "projectId": foreign}))
        .await
        .refused(404, "not_found");
    make(json!({"url": url, "description": "x".repeat(501)}))
        .await
        .refused(422, "invalid_request");
    let made = make(json!({"url": url, "description": "ü".repeat(500)}))
        .await
        .expect(201);
    make(json!({"url": "https://EXAMPLE.com/hook"}))
        .await
        .refused(409, "webhook_endpoint_taken");
    let id = made["id"].as_str().unwrap();
    let patch = async |body: Value| {
        p.hooks(&client, Method::PATCH, &format!("/{id}"), Some(body))
            .await
    };
    patch(json!({"url": "nowhere"}))
        .await
        .refused(422, "invalid_request");
    assert_eq!(
        patch(json!({"suspended": true})).await.expect(200)["state"],
        "SUSPENDED"
    );
    let test = format!("/{id}/test");
    p.hooks(&client, Method::POST, &test, None)
        .await
        .refused(409, "webhook_endpoint_disabled");
    for n in 1..50 {
        make(json!({"url": format!("https://example.com/{n}")}))
            .await
            .expect(201);
    }
    make(json!({"url": "https://example.com/more"}))
        .await
        .refused(409, "too_many_webhook_endpoints");
    let page = p
        .hooks(&client, Method::GET, "?limit=49", None)
        .await
        .expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = p
        .hooks(
            &client,
            Method::GET,
            &format!("?limit=49&cursor={cursor}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        (
            page["items"].as_array().unwrap().len(),
            rest["items"][0]["id"].as_str()
        ),
        (49, Some(id))
    );
    assert!(rest["nextCursor"].is_null());
    p.hooks(&client, Method::DELETE, &format!("/{id}"), None)
        .await
        .expect(204);
    p.hooks(&client, Method::GET, &format!("/{id}"), None)
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_it_is_suspended_of_what_was_due_before() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (sink, beside) = (
        Sink::start(Says::Status(204)).await,
        Sink::start(Says::Status(204)).await,
    );
    let hook = p.hook(&client, &sink.url, &[GRANTED]).await;
    p.hook(&client, &beside.url, &["io.datacrowd.export.ready.v1"])
        .await;
    p.grant(&project, 1).await;
    p.relay().await;
    let patch = async |suspended: bool| {
        let body = json!({"suspended": suspended});
        p.hooks(&client, Method::PATCH, &format!("/{hook}"), Some(body))
            .await
            .expect(200)
    };
    assert_eq!(patch(true).await["pending"], 1);
    p.dispatch().await;
    assert!(sink.heard().is_empty());
    patch(false).await;
    p.dispatch().await;
    assert_eq!(sink.heard().len(), 1);
    let tested = p
        .hooks(&client, Method::POST, &format!("/{hook}/test"), None)
        .await
        .expect(202);
    assert_eq!(tested["type"], "io.datacrowd.webhook.tested.v1");
    p.dispatch().await;
    assert_eq!((sink.heard().len(), beside.heard().len()), (2, 0));
    let event = sink.heard().pop().unwrap().event();
    assert_eq!(event["data"], json!({"endpointId": hook, "url": sink.url}));
    super::super::events::support::assert_valid(&[event]);
    let whole = p
        .call(Some(&client.token), Method::GET, "/events?limit=200", None)
        .await
        .expect(200);
    let sequences = whole["items"].as_array().unwrap().iter();
    let sequences: Vec<i64> = sequences
        .map(|e| e["sequence"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>());
}

/// As by a database of events that was restored from before: what was delivered already is not delivered twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_recorded_again_is_owed_once() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::Status(204)).await;
    p.relay().await;
    let hook = p.hook(&client, &sink.url, &[]).await;
    p.grant(&project, 1).await;
    p.keep_stream().await;
    p.dispatch().await;
    sqlx::query("delete from events where type = $1")
        .bind(GRANTED)
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    p.tell_again().await;
    p.dispatch().await;
    assert_eq!(p.events(&client, &project).await.len(), 2);
    assert_eq!(
        (sink.heard().len(), p.deliveries(&client, &hook).await.len()),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_when_it_is_asked_for() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::Status(500)).await;
    let hook = p.hook(&client, &sink.url, &[GRANTED]).await;
    for judgements in 1..=3 {
        p.grant(&project, judgements).await;
    }
    p.dispatch().await;
    let ends = "update deliveries set state = 'failed', ended_at = now() where state = 'pending'";
    sqlx::query(ends)
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    let failed = p
        .hooks(
            &client,
            Method::GET,
            &format!("/{hook}/deliveries?state=FAILED&limit=2"),
            None,
        )
        .await
        .expect(200);
    assert!(failed["nextCursor"].is_string());
    sink.says(Says::Status(204));
    let one = &failed["items"][0]["id"];
    p.hooks(
        &client,
        Method::POST,
        &format!("/{hook}/deliveries/{one}/resend"),
        None,
    )
    .await
    .expect(202);
    p.dispatch().await;
    let state = |deliveries: &[Value]| {
        deliveries
            .iter()
            .map(|d| d["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        state(&p.deliveries(&client, &hook).await),
        ["DELIVERED", "FAILED", "FAILED"]
    );
    let since = |at: DateTime<Utc>| json!({"since": at});
    let resend = format!("/{hook}/resend");
    let none = p
        .hooks(
            &client,
            Method::POST,
            &resend,
            Some(since(Utc::now() + TimeDelta::hours(1))),
        )
        .await;
    assert_eq!(none.expect(202)["resent"], 0);
    let two = p
        .hooks(
            &client,
            Method::POST,
            &resend,
            Some(since(Utc::now() - TimeDelta::hours(1))),
        )
        .await;
    assert_eq!(two.expect(202)["resent"], 2);
    p.dispatch().await;
    assert_eq!(state(&p.deliveries(&client, &hook).await), ["DELIVERED"; 3]);
    let ids: std::collections::BTreeSet<_> =
        sink.heard().iter().map(super::sink::Heard::id).collect();
    assert_eq!(
        (sink.heard().len(), ids.len()),
        (6, 3),
        "an event keeps its id"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_next_attempt_is_sent_at_once_when_it_is_asked_for_and_every_attempt_is_kept()
 {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::Status(500)).await;
    let hook = p.hook(&client, &sink.url, &[GRANTED]).await;
    p.grant(&project, 1).await;
    p.dispatch().await;
    let id = p.deliveries(&client, &hook).await[0]["id"].clone();
    let path = format!("/{hook}/deliveries/{id}");
    for (status, state) in [(404, "PENDING"), (204, "DELIVERED"), (202, "DELIVERED")] {
        sink.says(Says::Status(status));
        let resend = format!("{path}/resend");
        let resent = p.hooks(&client, Method::POST, &resend, None).await;
        assert_eq!(resent.expect(202)["attempts"], 0);
        p.dispatch().await;
        let listed = &p.deliveries(&client, &hook).await[0];
        assert_eq!(
            (&listed["state"], &listed["lastStatus"]),
            (&json!(state), &json!(status))
        );
    }
    let history = p.hooks(&client, Method::GET, &path, None).await.expect(200);
    let attempts = history["attempts"].as_array().unwrap().iter();
    let statuses: Vec<_> = attempts.map(|a| a["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [202, 204, 404, 500], "the latest first");
}
