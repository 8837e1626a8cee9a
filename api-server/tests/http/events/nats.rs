//! A stream of NATS JetStream, on a real server.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    consumer::{DeliverPolicy, pull},
};
use datacrowd_api_server::dispatch::nats::{self, Nats, NatsSettings};
use datacrowd_notifications::Sink;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{Platform, env};

fn settings(url: String) -> NatsSettings {
    NatsSettings {
        url,
        credentials: None,
        stream: "DATACROWD".into(),
    }
}

/// Messages of the stream: their subjects, ids and events.
pub async fn stored_at(url: &str) -> Vec<(String, String, Value)> {
    let client = async_nats::connect(url).await.unwrap();
    let stream = jetstream::new(client)
        .get_stream("DATACROWD")
        .await
        .unwrap();
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let many = consumer
        .fetch()
        .max_messages(1000)
        .messages()
        .await
        .unwrap();
    let message = |message: async_nats::jetstream::Message| {
        let id = message
            .headers
            .as_ref()
            .unwrap()
            .get("Nats-Msg-Id")
            .unwrap();
        let event = serde_json::from_slice(&message.payload).unwrap();
        (message.subject.to_string(), id.to_string(), event)
    };
    many.map(|m| message(m.unwrap())).collect().await
}

/// One test for all of it: a server has one stream for these subjects.
#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_stored_once_and_none_is_lost_while_the_server_is_away() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let project = p.project(&client, json!({})).await;
    // Nobody wants it yet.
    p.relay().await;
    assert_eq!(p.notifications.sink_backlog(Sink::Nats).await.unwrap().0, 0);
    let away = Nats::connect(&settings("nats://127.0.0.1:1".into()))
        .await
        .unwrap();
    nats::pass(&p.notifications, &away).await.unwrap();
    p.grant(&project, 1).await;
    let foreign = p.project(&other, json!({})).await;
    p.grant(&foreign, 2).await;
    p.relay().await;
    let sent = tokio::time::timeout(Duration::from_secs(15), nats::pass(&p.notifications, &away));
    assert!(sent.await.unwrap().is_err());
    assert_eq!(p.notifications.sink_backlog(Sink::Nats).await.unwrap().0, 3);

    let there = Nats::connect(&settings(env("TEST_NATS_URL")))
        .await
        .unwrap();
    // Sent, and its acknowledgement lost with the dispatcher: sent again, it is stored once.
    let queue = p.told.owner_pool();
    sqlx::query("create table kept as select sink, event_id, event_at from sink_queue order by id")
        .execute(&queue)
        .await
        .unwrap();
    assert_eq!(nats::pass(&p.notifications, &there).await.unwrap(), 3);
    sqlx::query("insert into sink_queue (sink, event_id, event_at) select * from kept")
        .execute(&queue)
        .await
        .unwrap();
    sqlx::query("drop table kept")
        .execute(&queue)
        .await
        .unwrap();
    assert_eq!(nats::pass(&p.notifications, &there).await.unwrap(), 3);
    assert_eq!(nats::pass(&p.notifications, &there).await.unwrap(), 0);
    // Whoever ran this before left theirs.
    let tenant = |event: &Value| {
        event["source"]
            .as_str()
            .unwrap()
            .split('/')
            .nth(2)
            .unwrap()
            .to_owned()
    };
    let told = p.events(&client, &project).await.pop().unwrap();
    let theirs = p.events(&other, &foreign).await.pop().unwrap();
    let tenants = [tenant(&told), tenant(&theirs)];
    let mut stored = stored_at(&env("TEST_NATS_URL")).await;
    stored.retain(|(subject, ..)| tenants.iter().any(|tenant| subject.contains(tenant)));
    assert_eq!(stored.len(), 3, "{stored:?}");
    let (subject, id, event) = stored.iter().find(|(.., event)| *event == told).unwrap();
    assert_eq!(
        *subject,
        format!("datacrowd.{}.io.datacrowd.quota.granted.v1", tenants[0])
    );
    assert_eq!(event["id"], *id);
    let others = stored
        .iter()
        .filter(|(subject, ..)| subject.contains(&tenants[1]))
        .count();
    assert_eq!(others, 2);

    p.notifications.sink_set(Sink::Nats, false).await.unwrap();
    p.grant(&project, 1).await;
    p.relay().await;
    assert_eq!(p.notifications.sink_backlog(Sink::Nats).await.unwrap().0, 0);
}
