//! The promises of the outbox, kept on the database of each context that has one.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests begin now, and count from there"
)]

mod support;

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use datacrowd_outbox::{Failure, push};
use futures::future::join_all;

use support::{Answer, Place, Recorder, said};

/// A row waits so long for a claimer that died.
const CLAIM: TimeDelta = TimeDelta::seconds(60);

#[tokio::test]
async fn each_message_is_told_once_and_in_the_order_of_its_key_by_any_number_of_replicas() {
    for place in Place::both().await {
        for n in 0..12 {
            for key in &place.keys {
                place.push(key, n).await;
            }
        }
        let recorder = Recorder::default();
        let now = Utc::now();
        let replicas = (0..4).map(|_| place.outbox.relay(&recorder, || now));
        for relayed in join_all(replicas).await {
            relayed.unwrap();
        }
        for key in &place.keys {
            let told = recorder.told_of(key);
            assert_eq!(told, (0..12).collect::<Vec<_>>(), "{}", place.context);
        }
        let waiting = place.outbox.backlog().await.unwrap();
        assert_eq!((waiting.rows, waiting.since), (0, None));
    }
}

#[tokio::test]
async fn a_failure_holds_back_its_own_key_for_a_while_and_no_other() {
    for place in Place::both().await {
        let [first, second] = &place.keys;
        for n in 0..2 {
            place.push(first, n).await;
            place.push(second, n).await;
        }
        let held = first.clone();
        let refuses = Recorder::answering(move |line| match line.n == 0 && line.is_of(&held) {
            true => Answer::Failure(Failure::Later),
            false => Answer::Taken,
        });
        let now = Utc::now();
        place.outbox.relay(&refuses, || now).await.unwrap();
        assert_eq!(refuses.told_of(first), [0], "its successor waits");
        assert_eq!(refuses.told_of(second), [0, 1]);

        let takes = Recorder::default();
        place.outbox.relay(&takes, || now).await.unwrap();
        assert_eq!(takes.told_of(first), [0; 0], "not before a second is over");
        let later = now + TimeDelta::seconds(1);
        place.outbox.relay(&takes, || later).await.unwrap();
        assert_eq!(takes.told_of(first), [0, 1]);
    }
}

#[tokio::test]
async fn a_message_that_fails_a_hundred_times_is_told_in_the_end() {
    let place = Place::core().await;
    place.push(&place.keys[0], 7).await;
    let refuses = Recorder::answering(|_| Answer::Failure(Failure::Later));
    let mut now = Utc::now();
    for _ in 0..100 {
        place.outbox.relay(&refuses, || now).await.unwrap();
        now += TimeDelta::seconds(60);
    }
    assert_eq!(refuses.told_of(&place.keys[0]).len(), 100);
    let takes = Recorder::default();
    place.outbox.relay(&takes, || now).await.unwrap();
    assert_eq!(takes.told_of(&place.keys[0]), [7]);
}

#[tokio::test]
async fn a_message_that_nobody_can_take_is_parked_and_its_key_goes_on_without_it() {
    for place in Place::both().await {
        let key = &place.keys[0];
        place.push_unreadable(key).await;
        for n in 0..2 {
            place.push(key, n).await;
        }
        let never = Recorder::answering(|line| match line.n {
            0 => Answer::Failure(Failure::Never),
            _ => Answer::Taken,
        });
        let now = Utc::now();
        place.outbox.relay(&never, || now).await.unwrap();
        assert_eq!(never.told_of(key), [0, 1]);
        let waiting = place.outbox.backlog().await.unwrap();
        assert_eq!(waiting.rows, 2, "a parked message still counts as waiting");

        let takes = Recorder::default();
        let days_later = now + TimeDelta::days(30);
        place.outbox.relay(&takes, || days_later).await.unwrap();
        assert_eq!(takes.told_of(key), [0; 0], "a person decides about it");
        let freed = "update outbox set parked_at = null where payload->>'n' = '0'";
        place.execute(freed).await;
        place.outbox.relay(&takes, || days_later).await.unwrap();
        assert_eq!(takes.told_of(key), [0]);
    }
}

#[tokio::test]
async fn what_a_replica_held_when_it_died_is_told_by_another_when_the_claim_ends() {
    for place in Place::both().await {
        let key = &place.keys[0];
        for n in 0..2 {
            place.push(key, n).await;
        }
        let hangs = Recorder::answering(|_| Answer::Never);
        let now = Utc::now();
        let relay = place.outbox.relay(&hangs, || now);
        let died = tokio::time::timeout(Duration::from_millis(500), relay).await;
        assert!(died.is_err(), "it was killed while it told");
        assert_eq!(hangs.told_of(key), [0]);

        let takes = Recorder::default();
        place.outbox.relay(&takes, || now).await.unwrap();
        assert_eq!(takes.told_of(key), [0; 0], "its claim may still be alive");
        let over = now + CLAIM;
        place.outbox.relay(&takes, || over).await.unwrap();
        assert_eq!(takes.told_of(key), [0, 1]);
    }
}

#[tokio::test]
async fn a_message_of_a_transaction_that_was_rolled_back_is_not_told() {
    for place in Place::both().await {
        let mut tx = place.pool.begin().await.unwrap();
        let message = said(place.context, &place.keys[0], 1);
        push(&mut tx, &place.keys[0], &message).await.unwrap();
        drop(tx);
        let takes = Recorder::default();
        place.outbox.relay(&takes, Utc::now).await.unwrap();
        assert_eq!(takes.told_of(&place.keys[0]), [0; 0]);
    }
}

#[tokio::test]
async fn what_the_release_before_left_behind_is_told() {
    let core = Place::core().await;
    let old =
        "insert into outbox (kind, payload) values ('delete_object', '{\"key\": \"a\", \"n\": 3}')";
    core.execute(old).await;
    let takes = Recorder::default();
    core.outbox.relay(&takes, Utc::now).await.unwrap();
    assert_eq!(takes.told_of("a"), [3]);

    let payments = Place::payments().await;
    let key = &payments.keys[0];
    let old = "insert into outbox (payment_id, payload)
               select id, jsonb_build_object('key', id, 'n', n) from payments, generate_series(0, 2) n order by n";
    payments.execute(old).await;
    let takes = Recorder::default();
    payments.outbox.relay(&takes, Utc::now).await.unwrap();
    assert_eq!(takes.told_of(key), [0, 1, 2], "in the order of its payment");
}
