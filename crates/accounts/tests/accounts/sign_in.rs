//! Names and passwords open accounts, however they are typed.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::{AccessError, Credential, LoginError, NewUser, Origin, Role};

use crate::support::{Bench, PASSWORD, from, key, new_user, signed_by};

pub fn is_invalid<T>(outcome: &Result<T, LoginError>) -> bool {
    matches!(outcome, Err(LoginError::InvalidCredentials))
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
            .verify_access(&tokens.access_token, bench.now())
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
        let outcome = bench
            .accounts
            .login(login, password, None, &origin, bench.now())
            .await;
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
            .verify_access(&tokens.access_token, bench.now())
            .await
            .is_ok()
    );
    bench.pass(TimeDelta::seconds(1));
    let outcome = bench
        .accounts
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(outcome, Err(AccessError::Expired)));
}

#[tokio::test]
async fn tokens_of_the_previous_secret_are_accepted_until_it_is_gone() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let old = bench.sign_in("wanda").await.access_token;
    let rotated = bench.replica(signed_by(key("b", 2), Some(key("a", 1))));
    assert!(rotated.verify_access(&old, bench.now()).await.is_ok());
    let later = bench.replica(signed_by(key("b", 2), None));
    let outcome = later.verify_access(&old, bench.now()).await;
    assert!(matches!(outcome, Err(AccessError::Invalid)));
}

#[tokio::test]
async fn a_password_of_before_it_had_one_form_opens_as_it_was_typed_and_then_in_either_form() {
    let bench = Bench::new().await;
    let (composed, parts) = ("p\u{e4}ssw\u{f6}rd geheim", "pa\u{308}sswo\u{308}rd geheim");
    let new = NewUser {
        password: composed.into(),
        ..new_user("wanda")
    };
    let wanda = bench.add(new).await.unwrap();
    let login = |password| {
        let origin = from("198.51.100.1");
        let accounts = Arc::clone(&bench.accounts);
        let now = bench.now();
        async move { accounts.login("wanda", password, None, &origin, now).await }
    };
    assert!(login(composed).await.is_ok());
    assert!(login(parts).await.is_ok());

    // As the release before would have stored it: the bytes as they came.
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let before = argon2::PasswordHasher::hash_password(&argon2, parts.as_bytes()).unwrap();
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
        .bind(wanda.id.0)
        .bind(before.to_string())
        .execute(&bench.database.pool())
        .await
        .unwrap();
    assert!(is_invalid(&login(composed).await));
    assert!(login(parts).await.is_ok());
    assert!(login(composed).await.is_ok(), "hashed anew in one form");
}

#[tokio::test]
async fn an_address_signs_in_however_it_is_typed() {
    let bench = Bench::new().await;
    let new = NewUser {
        email: "j\u{f6}rg@b\u{fc}cher.example".into(),
        ..new_user("joerg")
    };
    let joerg = bench.add(new).await.unwrap();
    for login in [
        "J\u{d6}RG@b\u{fc}cher.example",
        "jo\u{308}rg@bu\u{308}cher.example",
        "j\u{f6}rg@xn--bcher-kva.example",
    ] {
        assert_eq!(bench.sign_in(login).await.user_id, joerg.id, "{login}");
    }
}
