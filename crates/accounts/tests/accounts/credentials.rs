//! Personal tokens and reset links.

use chrono::TimeDelta;
use datacrowd_accounts::{
    AccessError, Credential, NewToken, Origin, ResetError, Role, Scope, TokenError, UserStatus,
};

use crate::{
    second_step::device,
    support::{Bench, PASSWORD, from},
};

fn token(bench: &Bench, name: &str, days: i64) -> NewToken {
    NewToken {
        name: name.into(),
        scopes: vec![Scope::Work, Scope::Read, Scope::Work],
        expires_at: bench.now() + TimeDelta::days(days),
    }
}

#[tokio::test]
async fn a_personal_token_names_its_owner_and_scopes_until_it_ends() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await.id;
    let session = bench.sign_in("wanda").await.sid;
    let create = |name, days| {
        bench
            .accounts
            .create_token(wanda, session, token(&bench, name, days), bench.now())
    };
    let made = create("nightly", 30).await.unwrap();
    let taken = create("nightly", 30).await;
    assert!(matches!(taken, Err(TokenError::NameTaken)));
    for days in [0, 400] {
        let refused = create("other", days).await;
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{days}");
    }
    let caller = bench
        .accounts
        .verify_access(&made.text, bench.now())
        .await
        .unwrap();
    assert_eq!(caller.user_id, wanda);
    let scopes = vec![Scope::Read, Scope::Work];
    let id = made.token.id;
    assert_eq!(caller.credential, Credential::Token { id, scopes });
    let listed = bench
        .accounts
        .list_tokens(wanda, bench.now())
        .await
        .unwrap();
    assert_eq!(listed[0].last_used_at, Some(bench.now()));

    bench
        .accounts
        .set_status(ada, wanda, UserStatus::Disabled, bench.now())
        .await
        .unwrap();
    let disabled = bench.accounts.verify_access(&made.text, bench.now()).await;
    assert!(matches!(disabled, Err(AccessError::Disabled)));
    bench
        .accounts
        .set_status(ada, wanda, UserStatus::Active, bench.now())
        .await
        .unwrap();
    let over = bench.accounts.verify_access(&made.text, bench.now()).await;
    assert!(
        matches!(over, Err(AccessError::Revoked)),
        "ended with the account"
    );
    let over = create("nightly", 30).await;
    assert!(
        matches!(over, Err(TokenError::Over(AccessError::Revoked))),
        "and so did the session"
    );

    let session = bench.sign_in("wanda").await.sid;
    let create = |name, days| {
        bench
            .accounts
            .create_token(wanda, session, token(&bench, name, days), bench.now())
    };
    let made = create("nightly", 30).await.unwrap();
    let id = made.token.id;
    let second = create("second", 1).await.unwrap();
    bench
        .accounts
        .verify_access(&second.text, bench.now())
        .await
        .unwrap();
    bench.pass(TimeDelta::days(1));
    let expired = bench
        .accounts
        .verify_access(&second.text, bench.now())
        .await;
    assert!(matches!(expired, Err(AccessError::Expired)));
    assert!(
        !bench
            .accounts
            .revoke_token(ada.0, id, bench.now())
            .await
            .unwrap()
    );
    assert!(
        bench
            .accounts
            .revoke_token(wanda, id, bench.now())
            .await
            .unwrap()
    );
    let revoked = bench.accounts.verify_access(&made.text, bench.now()).await;
    assert!(matches!(revoked, Err(AccessError::Revoked)));
    create("nightly", 30).await.unwrap();
}

#[tokio::test]
async fn a_reset_link_works_once_and_ends_sessions_tokens_and_the_second_step() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await.id;
    let origin = Origin::default();
    let session = bench.sign_in("wanda").await;
    let script =
        bench
            .accounts
            .create_token(wanda, session.sid, token(&bench, "script", 9), bench.now());
    let script = script.await.unwrap();
    let enrolled = bench
        .accounts
        .enrol_totp(wanda, session.sid, PASSWORD, &origin, bench.now());
    let code = bench.code(&device(&enrolled.await.unwrap().secret));
    let confirmed = bench
        .accounts
        .confirm_totp(wanda, session.sid, &code, &origin, bench.now());
    confirmed.await.unwrap();

    let issue = || {
        bench
            .accounts
            .issue_reset_link(ada, wanda, true, bench.now())
    };
    let replaced = issue().await.unwrap();
    let link = issue().await.unwrap();
    let redeem = |token: String, new: &'static str| {
        let accounts = &bench.accounts;
        let now = bench.now();
        async move {
            accounts
                .redeem_reset_link(&token, new, &Origin::default(), now)
                .await
        }
    };
    let old = redeem(replaced.token, "a new password").await;
    assert!(matches!(old, Err(ResetError::InvalidLink)));
    let weak = redeem(link.token.clone(), "password").await;
    assert!(matches!(weak, Err(ResetError::Invalid(_))));
    let (one, two) = tokio::join!(
        redeem(link.token.clone(), "a new password"),
        redeem(link.token.clone(), "a new password")
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");

    for text in [&session.access_token, &script.text] {
        let over = bench.accounts.verify_access(text, bench.now()).await;
        assert!(matches!(over, Err(AccessError::Revoked)), "{over:?}");
    }
    let login = bench
        .accounts
        .login("wanda", "a new password", None, &origin, bench.now());
    assert!(login.await.is_ok());

    let late = issue().await.unwrap();
    bench.pass(TimeDelta::hours(24));
    let expired = redeem(late.token, "another password").await;
    assert!(matches!(expired, Err(ResetError::InvalidLink)));
}

#[tokio::test]
async fn a_reset_link_is_over_with_the_rights_of_who_issued_it_and_links_are_not_guessed() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await.id;
    let bea = bench.register("bea").await.id;
    bench
        .accounts
        .set_role(ada, bea, Role::Admin, bench.now())
        .await
        .unwrap();
    let by_bea = datacrowd_accounts::Admin(bea);
    let link = bench
        .accounts
        .issue_reset_link(by_bea, wanda, false, bench.now())
        .await;
    let link = link.unwrap();
    bench
        .accounts
        .set_role(ada, bea, Role::Worker, bench.now())
        .await
        .unwrap();
    let origin = from("203.0.113.7");
    let redeem = |token: String| {
        let (accounts, origin) = (&bench.accounts, &origin);
        let now = bench.now();
        async move {
            accounts
                .redeem_reset_link(&token, "a new password", origin, now)
                .await
        }
    };
    let over = redeem(link.token.clone()).await;
    assert!(matches!(over, Err(ResetError::InvalidLink)), "{over:?}");
    bench
        .accounts
        .set_role(ada, bea, Role::Admin, bench.now())
        .await
        .unwrap();
    let dead = redeem(link.token).await;
    assert!(matches!(dead, Err(ResetError::InvalidLink)), "{dead:?}");
    let link = bench
        .accounts
        .issue_reset_link(by_bea, wanda, false, bench.now())
        .await;
    let link = link.unwrap();
    for i in 0..98 {
        let guess = redeem(format!("dcx_{i}")).await;
        assert!(matches!(guess, Err(ResetError::InvalidLink)), "{i}");
    }
    let slowed = redeem("dcx_98".into()).await;
    assert!(
        matches!(slowed, Err(ResetError::Throttled { .. })),
        "{slowed:?}"
    );
    bench.pass(TimeDelta::seconds(1));
    assert!(redeem(link.token).await.is_ok());
}
