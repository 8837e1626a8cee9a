//! Passwords open accounts, and guessing them does not.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::{AccessError, Credential, LoginError, Origin, Role, Settings};
use tokio::task::JoinSet;

use crate::support::{Bench, PASSWORD, from, key};

fn is_invalid<T>(outcome: &Result<T, LoginError>) -> bool {
    matches!(outcome, Err(LoginError::InvalidCredentials))
}

fn is_backoff<T>(outcome: &Result<T, LoginError>) -> bool {
    matches!(outcome, Err(LoginError::Backoff { .. }))
}

#[tokio::test]
async fn name_or_address_and_password_open_a_session() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await;
    for login in ["wanda", "WANDA", "Wanda@Example.com"] {
        let tokens = bench.sign_in(login).await;
        assert_eq!(tokens.expires_in, TimeDelta::minutes(15));
        let caller = bench
            .accounts
            .verify_access(&tokens.access_token)
            .await
            .unwrap();
        assert_eq!(caller.user_id, wanda.id);
        assert_eq!(caller.credential, Credential::Session(tokens.sid));
        assert_eq!(
            (caller.username.as_str(), caller.role),
            ("wanda", Role::Worker)
        );
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let origin = Origin::default();
    let long = "x".repeat(200_000);
    for (login, password) in [
        ("wanda", "correct hors"),
        ("wendy", PASSWORD),
        ("wanda", long.as_str()),
        ("", ""),
        ("wan\0da", PASSWORD),
        ("wanda' OR '1'='1", PASSWORD),
    ] {
        let outcome = bench.accounts.login(login, password, None, &origin).await;
        assert!(is_invalid(&outcome), "{login:?} {outcome:?}");
    }
}

#[tokio::test]
async fn an_access_token_expires_and_says_so() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let tokens = bench.sign_in("wanda").await;
    bench.pass(TimeDelta::seconds(899));
    assert!(
        bench
            .accounts
            .verify_access(&tokens.access_token)
            .await
            .is_ok()
    );
    bench.pass(TimeDelta::seconds(1));
    let outcome = bench.accounts.verify_access(&tokens.access_token).await;
    assert!(matches!(outcome, Err(AccessError::Expired)));
}

#[tokio::test]
async fn tokens_of_the_previous_secret_are_accepted_until_it_is_gone() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let old = bench.sign_in("wanda").await.access_token;
    let rotated = bench.replica(Settings::new(key("b", 2), Some(key("a", 1))).unwrap());
    assert!(rotated.verify_access(&old).await.is_ok());
    let later = bench.replica(Settings::new(key("b", 2), None).unwrap());
    let outcome = later.verify_access(&old).await;
    assert!(matches!(outcome, Err(AccessError::Invalid)));
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
            .login("wanda", "guess work", None, &thief)
            .await
        {
            Err(LoginError::InvalidCredentials) => {}
            Err(LoginError::Backoff { retry_after }) => {
                waits.push(retry_after.num_seconds());
                bench.pass(retry_after);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    let right = bench.accounts.login("wanda", PASSWORD, None, &thief).await;
    assert!(right.is_ok(), "the right password after the wait");
    let fresh = bench
        .accounts
        .login("wanda", "guess work", None, &thief)
        .await;
    assert!(is_invalid(&fresh), "success forgets the failures");
}

#[tokio::test]
async fn attempts_at_the_same_time_do_not_slip_past_the_count_together() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let mut set = JoinSet::new();
    for _ in 0..20 {
        let accounts = Arc::clone(&bench.accounts);
        set.spawn(async move {
            accounts
                .login("wanda", "guess work", None, &from("203.0.113.7"))
                .await
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| is_invalid(o)).count(), 6);
    assert_eq!(outcomes.iter().filter(|o| is_backoff(o)).count(), 14);
}

#[tokio::test]
async fn a_stranger_who_guesses_does_not_lock_the_owner_out() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let home = from("198.51.100.1");
    bench
        .accounts
        .login("wanda", PASSWORD, None, &home)
        .await
        .unwrap();
    // From many addresses, so that the count over all of them is what stops the guessing.
    let mut allowed = 0;
    for i in 0..80 {
        let outcome = bench
            .accounts
            .login(
                "wanda",
                "guess work",
                None,
                &from(&format!("203.0.113.{i}")),
            )
            .await;
        allowed += i32::from(is_invalid(&outcome));
    }
    assert_eq!(allowed, 51);
    assert!(
        bench
            .accounts
            .login("wanda", PASSWORD, None, &home)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_name_nobody_has_slows_down_like_any_other() {
    let bench = Bench::new().await;
    let thief = from("203.0.113.7");
    for _ in 0..6 {
        let outcome = bench
            .accounts
            .login("nobody", "guess work", None, &thief)
            .await;
        assert!(is_invalid(&outcome));
    }
    assert!(is_backoff(
        &bench
            .accounts
            .login("nobody", "guess work", None, &thief)
            .await
    ));
}
