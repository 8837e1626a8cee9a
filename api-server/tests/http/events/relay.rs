//! Whatever dies, and whoever relays at once: nothing is lost, nothing is told twice, no number is left out.

use std::{collections::BTreeSet, time::Duration};

use chrono::Utc;
use datacrowd_api_server::dispatch::relay;
use datacrowd_testkit::{eventually, scaled};
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::support::assert_valid;
use crate::{
    cancellation::until,
    support::{Actor, Platform, pool_of, webhook_keys},
};

/// A client with a project, where so many things happened.
async fn busy(p: &Platform, name: &str, changes: i64) -> (Actor, String) {
    let client = p.client(name).await;
    let project = p.project(&client, json!({})).await;
    for _ in 0..changes {
        p.grant(&project, 1).await;
    }
    (client, project)
}

/// Every event of each tenant has the next number, and each row of `stream` became one event.
async fn assert_whole(p: &Platform, expected: i64) {
    assert_eq!(p.count("select count(*) from stream").await, 0);
    let told = p.told.owner_pool();
    let count: i64 = sqlx::query_scalar("select count(*) from events")
        .fetch_one(&told)
        .await
        .unwrap();
    assert_eq!(count, expected);
    let gaps: i64 = sqlx::query_scalar(
        "select count(*) from tenants t where t.last_sequence <> (select count(distinct e.sequence) from events e where e.tenant_id = t.id)
            or t.last_sequence <> (select max(e.sequence) from events e where e.tenant_id = t.id)",
    )
    .fetch_one(&told)
    .await
    .unwrap();
    assert_eq!(gaps, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_dies_anywhere_loses_nothing_and_tells_nothing_twice() {
    let p = Platform::start().await;
    let (client, project) = busy(&p, "clara", 5).await;
    let mut random = StdRng::seed_from_u64(17);
    let mut identities = BTreeSet::new();
    let (mut rows, mut steps) = (7, 60);
    for round in 0..scaled(25, 500) {
        p.grant(&project, 1).await;
        rows += 1;
        let (stream, kill) = (p.core.stream(), random.random_range(1..=steps));
        let pass = relay::pass(&stream, &p.notifications, Utc::now());
        let (took, _) = until(pass, Some(kill)).await;
        steps = steps.max(took);
        if round % 5 == 0 {
            p.relay().await;
            let events = p.events(&client, &project).await;
            let now: BTreeSet<_> = events.iter().map(|e| e["id"].to_string()).collect();
            assert!(now.is_superset(&identities), "an identity changed");
            identities = now;
        }
    }
    p.relay().await;
    let events = p.events(&client, &project).await;
    assert_valid(&events);
    assert_whole(&p, rows - 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_at_once_number_without_a_gap() {
    let p = Platform::start().await;
    let clients = join_all(["clara", "cecil"].map(|name| busy(&p, name, 20))).await;
    let pass = async || {
        let (core, payments) = (p.core.stream(), p.billing.stream());
        let to = datacrowd_notifications::Notifications::new(pool_of(&p.told), webhook_keys());
        for _ in 0..10 {
            for stream in [&core, &payments] {
                let _ = relay::pass(stream, &to, Utc::now()).await;
            }
        }
    };
    tokio::join!(pass(), pass(), pass(), pass());
    p.relay().await;
    for (client, project) in &clients {
        let events = p.events(client, project).await;
        assert_valid(&events);
        assert_eq!(events.len(), 21);
    }
    assert_whole(&p, 42).await;
}

/// What is there is told again, as by a core that was restored from a backup: nobody hears of it twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_again_is_the_same_event() {
    let p = Platform::start().await;
    let (client, project) = busy(&p, "clara", 3).await;
    p.keep_stream().await;
    p.relay().await;
    let before = p.events(&client, &project).await;
    p.tell_again().await;
    p.relay().await;
    assert_eq!(p.events(&client, &project).await, before);
    assert_eq!(
        p.notifications
            .retain(Utc::now(), Utc::now())
            .await
            .unwrap(),
        0
    );
}

/// What happened to one thing is told in its order: of two relays at once one reads.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_relays_one_reads() {
    let p = Platform::start().await;
    busy(&p, "clara", 2).await;
    let stream = p.core.stream();
    let first = stream.take(2).await.unwrap().unwrap();
    assert!(stream.take(2).await.unwrap().is_none());
    drop(first);
    // The lock ends with the transaction, which is taken back in a moment.
    let next = eventually(Duration::from_secs(20), async || {
        stream.take(2).await.unwrap()
    });
    assert_eq!(next.await.happened.len(), 2);
}
