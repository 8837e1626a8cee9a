//! Guessing is slow, and slows nobody else down.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::LoginError;
use tokio::task::JoinSet;

use crate::{
    sign_in::is_invalid,
    support::{Bench, PASSWORD, from, settings},
};

fn is_throttled<T>(outcome: &Result<T, LoginError>) -> bool {
    matches!(outcome, Err(LoginError::Throttled { .. }))
}

#[tokio::test]
async fn failures_slow_the_next_attempt_down_and_never_for_longer_than_a_minute() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let thief = from("203.0.113.7");
    let mut waits = Vec::new();
    while waits.len() < 10 {
        match bench
            .accounts
            .login("wanda", "guess work", None, &thief, bench.now())
            .await
        {
            Err(LoginError::InvalidCredentials) => {}
            Err(LoginError::Throttled { retry_after }) => {
                waits.push(retry_after.num_seconds());
                bench.pass(retry_after);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    let right = bench
        .accounts
        .login("wanda", PASSWORD, None, &thief, bench.now())
        .await;
    assert!(right.is_ok(), "the right password after the wait");
    let fresh = bench
        .accounts
        .login("wanda", "guess work", None, &thief, bench.now())
        .await;
    assert!(is_invalid(&fresh), "success forgets the failures");
}

#[tokio::test]
async fn attempts_at_the_same_time_do_not_slip_past_the_count_together_nor_by_two_replicas() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let replicas = [Arc::clone(&bench.accounts), bench.replica(settings())];
    let mut set = JoinSet::new();
    for i in 0..20 {
        let accounts = Arc::clone(&replicas[i % 2]);
        let now = bench.now();
        set.spawn(async move {
            accounts
                .login("wanda", "guess work", None, &from("203.0.113.7"), now)
                .await
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| is_invalid(o)).count(), 6);
    assert_eq!(outcomes.iter().filter(|o| is_throttled(o)).count(), 14);
}

#[tokio::test]
async fn a_stranger_who_guesses_does_not_lock_the_owner_out() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let home = from("198.51.100.1");
    let sign_in = |origin| {
        let accounts = Arc::clone(&bench.accounts);
        let now = bench.now();
        async move { accounts.login("wanda", PASSWORD, None, &origin, now).await }
    };
    sign_in(home.clone()).await.unwrap();
    // From many addresses, so that what the account takes from strangers is what stops the guessing.
    let guess = |i: usize| {
        let accounts = Arc::clone(&bench.accounts);
        let origin = from(&format!("203.0.113.{i}"));
        let now = bench.now();
        async move {
            accounts
                .login("wanda", "guess work", None, &origin, now)
                .await
        }
    };
    let mut allowed = 0;
    for i in 0..80 {
        allowed += i32::from(is_invalid(&guess(i).await));
    }
    assert_eq!(allowed, 50);
    assert!(sign_in(home).await.is_ok(), "an address the account knows");
    let elsewhere = sign_in(from("192.0.2.1")).await;
    let Err(LoginError::Throttled { retry_after }) = elsewhere else {
        panic!("{elsewhere:?}");
    };
    assert!(retry_after <= TimeDelta::seconds(1), "{retry_after}");
    bench.pass(retry_after);
    assert!(sign_in(from("192.0.2.1")).await.is_ok(), "the owner abroad");
}

#[tokio::test]
async fn one_address_over_many_accounts_is_slowed_to_one_try_a_second_and_nobody_elsewhere() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let guess = |i: usize| {
        let accounts = Arc::clone(&bench.accounts);
        let origin = from(&format!("2001:db8::{i:x}"));
        let now = bench.now();
        async move {
            let name = format!("nobody{i}");
            accounts
                .login(&name, "guess work", None, &origin, now)
                .await
        }
    };
    for i in 0..100 {
        assert!(is_invalid(&guess(i).await), "{i}");
    }
    assert!(is_throttled(&guess(100).await));
    let near = from("2001:db8::1");
    let there = bench
        .accounts
        .login("wanda", PASSWORD, None, &near, bench.now());
    assert!(is_throttled(&there.await), "the same network");
    bench.pass(TimeDelta::seconds(1));
    assert!(is_invalid(&guess(101).await));
    assert!(is_throttled(&guess(102).await));
    let origin = from("2001:db8:0:1::1");
    let elsewhere = bench
        .accounts
        .login("wanda", PASSWORD, None, &origin, bench.now());
    assert!(elsewhere.await.is_ok());
}

#[tokio::test]
async fn a_right_password_costs_nothing_and_forgets_only_its_own_address() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    bench.register("willy").await;
    let (own, thief) = (from("198.51.100.1"), from("203.0.113.7"));
    for _ in 0..120 {
        let accounts = &bench.accounts;
        accounts
            .login("willy", PASSWORD, None, &thief, bench.now())
            .await
            .unwrap();
    }
    let login = |password, origin| {
        bench
            .accounts
            .login("wanda", password, None, origin, bench.now())
    };
    for _ in 0..6 {
        assert!(is_invalid(&login("guess work", &thief).await));
    }
    login(PASSWORD, &own).await.unwrap();
    assert!(is_throttled(&login("guess work", &thief).await));
}

#[tokio::test]
async fn a_known_name_and_an_unknown_one_cost_the_same_writes() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let written = || async {
        let counts: (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM sign_ins_of_nobody),
                    (SELECT count(*) FROM login_failures), (SELECT count(*) FROM attempt_budgets)",
        )
        .fetch_one(&bench.database.pool())
        .await
        .unwrap();
        counts
    };
    let before = written().await;
    let guess = |name, ip| {
        let accounts = Arc::clone(&bench.accounts);
        let now = bench.now();
        async move {
            accounts
                .login(name, "guess work", None, &from(ip), now)
                .await
        }
    };
    assert!(is_invalid(&guess("wanda", "203.0.113.7").await));
    let known = written().await;
    assert!(is_invalid(&guess("nobody", "203.0.113.8").await));
    let unknown = written().await;
    let rows = |a: (i64, i64, i64, i64), b: (i64, i64, i64, i64)| {
        (b.0 + b.1 - a.0 - a.1, b.2 - a.2, b.3 - a.3)
    };
    assert_eq!(rows(before, known), (1, 1, 2));
    assert_eq!(rows(known, unknown), (1, 1, 2));
    assert_eq!(unknown.1, 1);
}

#[tokio::test]
async fn a_name_nobody_has_slows_down_like_any_other() {
    let bench = Bench::new().await;
    let thief = from("203.0.113.7");
    for _ in 0..6 {
        let outcome = bench
            .accounts
            .login("nobody", "guess work", None, &thief, bench.now())
            .await;
        assert!(is_invalid(&outcome));
    }
    assert!(is_throttled(
        &bench
            .accounts
            .login("nobody", "guess work", None, &thief, bench.now())
            .await
    ));
}

#[tokio::test]
async fn a_try_that_began_before_another_and_is_counted_after_it_is_looked_at() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let own = from("203.0.113.7");
    let guess = || {
        bench
            .accounts
            .login("wanda", "guess work", None, &own, bench.now())
    };
    assert!(is_invalid(&guess().await));
    bench.pass(TimeDelta::milliseconds(-700));
    assert!(is_invalid(&guess().await));
    bench.pass(TimeDelta::milliseconds(-700));
    let right = bench
        .accounts
        .login("wanda", PASSWORD, None, &own, bench.now());
    assert!(right.await.is_ok());
}
