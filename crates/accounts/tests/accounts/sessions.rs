//! A session goes on while its token is renewed, and ends when anybody has reason to end it.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use datacrowd_accounts::{
    AccessError, NewToken, Origin, PasswordChange, PasswordChangeError, ReauthenticationError,
    RefreshError, Scope,
};
use tokio::task::JoinSet;

use crate::support::{Bench, PASSWORD, from, key, settings, signed_by};

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let first = bench.sign_in("wanda").await;
    bench.pass(TimeDelta::days(29));
    let second = bench.refresh(&first.refresh_token).await.unwrap();
    bench.pass(TimeDelta::days(29));
    let third = bench.refresh(&second.refresh_token).await.unwrap();
    assert_eq!(third.sid, first.sid);
    assert!(
        bench
            .accounts
            .verify_access(&third.access_token, bench.now())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_token_that_is_used_twice_ends_its_session_for_both() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await;
    let first = bench.sign_in("wanda").await;
    let other = bench.sign_in("wanda").await;
    let second = bench.refresh(&first.refresh_token).await.unwrap();
    bench.pass(TimeDelta::seconds(31));
    let stolen = bench.refresh(&first.refresh_token).await;
    assert!(matches!(stolen, Err(RefreshError::Reused)));
    let owner = bench.refresh(&second.refresh_token).await;
    assert!(matches!(owner, Err(RefreshError::Invalid)));
    let access = bench
        .accounts
        .verify_access(&second.access_token, bench.now())
        .await;
    assert!(matches!(access, Err(AccessError::Revoked)));
    assert!(
        bench.refresh(&other.refresh_token).await.is_ok(),
        "another device"
    );
    let expected = [
        "user.registered",
        "session.started",
        "session.started",
        "session.ended",
    ];
    assert_eq!(bench.events(&wanda).await, expected);
}

#[tokio::test]
async fn uses_at_once_and_a_lost_answer_are_all_given_one_successor() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let first = bench.sign_in("wanda").await;
    let mut set = JoinSet::new();
    for _ in 0..8 {
        let (accounts, token) = (Arc::clone(&bench.accounts), first.refresh_token.clone());
        let now = bench.now();
        set.spawn(async move { accounts.refresh(&token, now).await });
    }
    let given: BTreeSet<String> = set
        .join_all()
        .await
        .into_iter()
        .map(|outcome| outcome.unwrap().refresh_token)
        .collect();
    assert_eq!(given.len(), 1);
    // Later within the time, and though the successor was used meanwhile.
    let second = given.first().unwrap();
    bench.pass(TimeDelta::seconds(15));
    let third = bench.refresh(second).await.unwrap();
    bench.pass(TimeDelta::seconds(15));
    let again = bench.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(&again.refresh_token, second);
    assert!(bench.refresh(&third.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_successor_is_given_again_by_a_replica_with_the_next_signing_key() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let first = bench.sign_in("wanda").await;
    let second = bench.refresh(&first.refresh_token).await.unwrap();
    let rotated = bench.replica(signed_by(key("b", 2), Some(key("a", 1))));
    let again = rotated
        .refresh(&first.refresh_token, bench.now())
        .await
        .unwrap();
    assert_eq!(again.refresh_token, second.refresh_token);
}

#[tokio::test]
async fn a_used_token_of_a_session_that_ended_yields_nothing() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let first = bench.sign_in("wanda").await;
    let second = bench.refresh(&first.refresh_token).await.unwrap();
    bench
        .accounts
        .logout(&second.refresh_token, bench.now())
        .await
        .unwrap();
    let again = bench.refresh(&first.refresh_token).await;
    assert!(matches!(again, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn refresh_tokens_expire_and_unknown_ones_are_refused() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let tokens = bench.sign_in("wanda").await;
    bench.pass(TimeDelta::days(30));
    for token in [
        tokens.refresh_token.as_str(),
        tokens.access_token.as_str(),
        "",
        "dcr_00",
    ] {
        let outcome = bench.refresh(token).await;
        assert!(matches!(outcome, Err(RefreshError::Invalid)), "{token}");
    }
}

#[tokio::test]
async fn logout_ends_the_session_here_at_once_and_elsewhere_within_half_a_minute() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let tokens = bench.sign_in("wanda").await;
    let elsewhere = bench.replica(settings());
    assert!(
        elsewhere
            .verify_access(&tokens.access_token, bench.now())
            .await
            .is_ok()
    );
    bench
        .accounts
        .logout(&tokens.refresh_token, bench.now())
        .await
        .unwrap();
    bench
        .accounts
        .logout(&tokens.refresh_token, bench.now())
        .await
        .unwrap();
    let here = bench
        .accounts
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(here, Err(AccessError::Revoked)));
    bench.pass(TimeDelta::seconds(30));
    let there = elsewhere
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(there, Err(AccessError::Revoked)));
    assert!(bench.refresh(&tokens.refresh_token).await.is_err());
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await;
    let willy = bench.register("willy").await;
    let origin = from("198.51.100.1");
    let tokens = bench
        .accounts
        .login("wanda", PASSWORD, None, &origin, bench.now())
        .await
        .unwrap();
    let listed = bench
        .accounts
        .list_sessions(wanda.id, bench.now())
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, &listed[0].ip), (tokens.sid, &origin.ip));
    assert!(
        !bench
            .accounts
            .revoke_session(willy.id, tokens.sid, bench.now())
            .await
            .unwrap()
    );
    assert!(
        bench
            .accounts
            .revoke_session(wanda.id, tokens.sid, bench.now())
            .await
            .unwrap()
    );
    assert!(
        !bench
            .accounts
            .revoke_session(wanda.id, tokens.sid, bench.now())
            .await
            .unwrap()
    );
    assert!(
        bench
            .accounts
            .list_sessions(wanda.id, bench.now())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let here = bench.sign_in("wanda").await;
    let there = bench.sign_in("wanda").await;
    let caller = bench
        .accounts
        .verify_access(&here.access_token, bench.now())
        .await
        .unwrap();
    let origin = Origin::default();
    let change = |present, new, end_tokens| {
        let change = PasswordChange {
            present,
            code: None,
            new,
            end_tokens,
        };
        bench
            .accounts
            .change_password(caller.user_id, here.sid, change, &origin, bench.now())
    };
    let new = NewToken {
        name: "nightly".into(),
        scopes: vec![Scope::Read],
        expires_at: bench.now() + TimeDelta::days(9),
    };
    let script = bench
        .accounts
        .create_token(caller.user_id, here.sid, new, bench.now())
        .await;
    let script = script.unwrap().text;
    let refused = change("wrong horse", "battery staple", true).await;
    assert!(matches!(
        refused,
        Err(PasswordChangeError::Unproven(
            ReauthenticationError::WrongPassword
        ))
    ));
    let refused = change(PASSWORD, "short", true).await;
    assert!(matches!(refused, Err(PasswordChangeError::Invalid(_))));
    change(PASSWORD, "battery staple", false).await.unwrap();
    assert!(
        bench
            .accounts
            .verify_access(&script, bench.now())
            .await
            .is_ok()
    );

    assert!(
        bench
            .accounts
            .verify_access(&here.access_token, bench.now())
            .await
            .is_ok()
    );
    let other = bench
        .accounts
        .verify_access(&there.access_token, bench.now())
        .await;
    assert!(matches!(other, Err(AccessError::Revoked)));
    assert!(bench.refresh(&there.refresh_token).await.is_err());
    assert!(bench.refresh(&here.refresh_token).await.is_ok());
    assert!(
        bench
            .accounts
            .login("wanda", PASSWORD, None, &origin, bench.now())
            .await
            .is_err()
    );
    assert!(
        bench
            .accounts
            .login("wanda", "battery staple", None, &origin, bench.now())
            .await
            .is_ok()
    );
    change("battery staple", "another staple", true)
        .await
        .unwrap();
    let over = bench.accounts.verify_access(&script, bench.now()).await;
    assert!(matches!(over, Err(AccessError::Revoked)), "{over:?}");
}

#[tokio::test]
async fn what_ended_long_ago_is_swept_and_nothing_else() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let old = bench.sign_in("wanda").await;
    bench.pass(TimeDelta::days(61));
    let young = bench.sign_in("wanda").await;
    assert_eq!(bench.accounts.sweep(bench.now()).await.unwrap(), 1);
    assert_eq!(bench.accounts.sweep(bench.now()).await.unwrap(), 0);
    assert!(bench.refresh(&young.refresh_token).await.is_ok());
    assert!(bench.refresh(&old.refresh_token).await.is_err());
}
