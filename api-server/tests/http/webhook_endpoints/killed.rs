//! A dispatcher that is killed at any moment: every event is delivered, each attempt is in the history.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use datacrowd_testkit::{eventually, scaled};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::sink::{Heard, Says, Sink};
use crate::support::{Platform, Process};

/// How many are in the history.
const ATTEMPTS: &str = "select (select count(*) from attempts) + (select count(*) from deliveries where began_at is not null)";

#[tokio::test(flavor = "multi_thread")]
async fn killed_dispatchers_lose_nothing() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::After(Duration::from_millis(30))).await;
    p.relay().await;
    p.hook(&client, &sink.url, &[]).await;
    let mut random = StdRng::seed_from_u64(5);
    let mut events = 0;
    for _ in 0..scaled(4, 40) {
        let mut dispatcher = Process::dispatch(&p).await;
        for _ in 0..10 {
            p.grant(&project, 1).await;
            events += 1;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
        dispatcher.child.kill().await.unwrap();
    }
    // What the killed ones held is due again when the hold is over.
    let free = "update deliveries set held_until = null where state = 'pending'";
    sqlx::query(free)
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    let dispatcher = Process::dispatch(&p).await;
    let ids = || sink.heard().iter().map(Heard::id).collect::<BTreeSet<_>>();
    eventually(Duration::from_mins(1), || async {
        (ids().len() == events).then_some(())
    })
    .await;
    dispatcher.terminate().await;
    let listed = p.events(&client, &project).await;
    let granted = listed
        .iter()
        .filter(|e| e["type"] == "io.datacrowd.quota.granted.v1");
    assert_eq!(granted.count(), events);
    let sequences: Vec<_> = listed
        .iter()
        .map(|e| e["sequence"].as_str().unwrap().parse::<usize>().unwrap())
        .collect();
    assert_eq!(sequences, (1..=listed.len()).collect::<Vec<_>>());
    let attempts: i64 = sqlx::query_scalar(ATTEMPTS)
        .fetch_one(&p.told.owner_pool())
        .await
        .unwrap();
    assert!(
        attempts >= sink.heard().len() as i64,
        "an attempt is not in the history"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_ends_gives_back_what_it_did_not_begin() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::Status(204)).await;
    p.relay().await;
    p.hook(&client, &sink.url, &[]).await;
    let mut dispatcher = Process::dispatch(&p).await;
    let heard = |events: usize| {
        let sink = &sink;
        eventually(Duration::from_secs(20), move || async move {
            (sink.heard().len() == events).then_some(())
        })
    };
    // It takes many ahead for one that answers quickly.
    p.grant(&project, 1).await;
    heard(1).await;
    sink.says(Says::After(Duration::from_secs(8)));
    for _ in 0..40 {
        p.grant(&project, 1).await;
    }
    heard(17).await;
    let owner = p.told.owner_pool();
    let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&owner);
    // Sixteen are under way; all others are taken, and wait for their turn.
    eventually(Duration::from_secs(20), || async {
        let owed = count("select count(*) from deliveries").await.unwrap();
        (owed == 41).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    dispatcher.terminate().await;
    dispatcher.child.wait().await.unwrap();
    assert_eq!(sink.heard().len(), 17);
    let states: Vec<(String, i32, i64)> = sqlx::query_as(
        "select d.state, d.attempts, count(*) from deliveries d where due_at <= now() and held_until is null group by 1, 2 order by 1, 2",
    )
    .fetch_all(&p.told.owner_pool())
    .await
    .unwrap();
    let expected = [("delivered", 1, 17), ("pending", 0, 24)];
    assert_eq!(
        states,
        expected.map(|(state, attempts, many)| (state.to_owned(), attempts, many))
    );
    let attempts = count(ATTEMPTS).await.unwrap();
    assert_eq!(attempts, 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_ends_waits_for_no_endpoint_that_hangs() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let hangs = Sink::start(Says::After(Duration::from_mins(1))).await;
    let slow = Sink::start(Says::After(Duration::from_secs(2))).await;
    p.relay().await;
    p.hook(&client, &hangs.url, &[]).await;
    p.hook(&client, &slow.url, &[]).await;
    let mut dispatcher = Process::dispatch(&p).await;
    p.grant(&project, 1).await;
    eventually(Duration::from_secs(20), || async {
        (hangs.heard().len() + slow.heard().len() == 2).then_some(())
    })
    .await;
    let told = Instant::now();
    dispatcher.terminate().await;
    let ended = dispatcher.child.wait().await.unwrap();
    assert!(ended.success(), "{ended}");
    // A pod is given thirty seconds.
    assert!(told.elapsed() < Duration::from_secs(20));
    // What came to an end is in the history; what did not is tried again when its hold is over.
    let states: Vec<(String, i32, Option<i16>, bool)> = sqlx::query_as(
        "select state, attempts, status, millis is null from deliveries where state = 'delivered' or held_until > now() order by state",
    )
    .fetch_all(&p.told.owner_pool())
    .await
    .unwrap();
    let delivered = ("delivered".to_owned(), 1, Some(204), false);
    let pending = ("pending".to_owned(), 1, None, true);
    assert_eq!(states, [delivered, pending]);
}
