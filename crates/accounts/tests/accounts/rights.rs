//! Administrators decide, the platform keeps one of them, and decisions take hold in time.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::{
    AccessError, Admin, LoginError, Origin, PasswordChange, PasswordChangeError,
    ReauthenticationError, RightsError, Role, UserStatus,
};
use datacrowd_protocol::{audit::AuditFilter, ids::UserId};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Bench, PASSWORD, settings};

#[tokio::test]
async fn a_new_role_is_recorded_and_holds_without_signing_in_again() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let clara = bench.register("clara").await;
    let tokens = bench.sign_in("clara").await;
    let elsewhere = bench.replica(settings());
    assert_eq!(
        elsewhere
            .verify_access(&tokens.access_token, bench.now())
            .await
            .unwrap()
            .role,
        Role::Worker
    );

    let changed = bench
        .accounts
        .set_role(ada, clara.id, Role::Client, bench.now())
        .await
        .unwrap();
    assert_eq!(changed.role, Role::Client);
    let again = bench
        .accounts
        .set_role(ada, clara.id, Role::Client, bench.now())
        .await
        .unwrap();
    assert_eq!(again, changed, "nothing to change changes nothing");

    assert_eq!(
        bench
            .accounts
            .verify_access(&tokens.access_token, bench.now())
            .await
            .unwrap()
            .role,
        Role::Client
    );
    bench.pass(TimeDelta::seconds(30));
    assert_eq!(
        elsewhere
            .verify_access(&tokens.access_token, bench.now())
            .await
            .unwrap()
            .role,
        Role::Client
    );

    let about = |action: &str| AuditFilter {
        action: Some(action.into()),
        ..AuditFilter::default()
    };
    let decisions = bench
        .accounts
        .audit_list(&about("user"), i64::MAX, 10)
        .await;
    let decisions = decisions.unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!(
        (decisions[0].actor, decisions[0].subject.clone()),
        (Some(ada.0), clara.id.to_string())
    );
    assert_eq!(decisions[0].action, "user.role_changed");
    assert_eq!(
        decisions[0].details,
        json!({"from": "WORKER", "to": "CLIENT"})
    );
    let any = AuditFilter::default();
    let all = bench.accounts.audit_list(&any, i64::MAX, 10).await;
    let all: Vec<_> = all.unwrap().into_iter().map(|d| d.action).collect();
    assert_eq!(
        all,
        ["user.role_changed", "session.started", "admin.bootstrap"]
    );
    let expected = ["user.registered", "session.started", "user.role_changed"];
    assert_eq!(bench.events(&clara).await, expected);
}

#[tokio::test]
async fn a_disabled_person_is_refused_everywhere_within_half_a_minute() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await;
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
        .set_status(ada, wanda.id, UserStatus::Disabled, bench.now())
        .await
        .unwrap();

    let here = bench
        .accounts
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(here, Err(AccessError::Disabled)));
    bench.pass(TimeDelta::milliseconds(29_999));
    assert!(
        elsewhere
            .verify_access(&tokens.access_token, bench.now())
            .await
            .is_ok(),
        "remembered"
    );
    bench.pass(TimeDelta::milliseconds(1));
    let there = elsewhere
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(there, Err(AccessError::Disabled)));
    assert!(bench.refresh(&tokens.refresh_token).await.is_err());

    let origin = Origin::default();
    let right = bench
        .accounts
        .login("wanda", PASSWORD, None, &origin, bench.now())
        .await;
    assert!(matches!(right, Err(LoginError::Disabled)));
    let wrong = bench
        .accounts
        .login("wanda", "guess work", None, &origin, bench.now())
        .await;
    assert!(
        matches!(wrong, Err(LoginError::InvalidCredentials)),
        "only the owner learns it"
    );
    bench
        .accounts
        .set_status(ada, wanda.id, UserStatus::Active, bench.now())
        .await
        .unwrap();
    let refreshed = bench.refresh(&tokens.refresh_token).await;
    assert!(
        refreshed.is_err(),
        "a thief's session does not come back with the account"
    );
    let access = bench
        .accounts
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(access, Err(AccessError::Revoked)), "{access:?}");
    assert!(
        bench
            .accounts
            .login("wanda", PASSWORD, None, &origin, bench.now())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_session_that_was_ended_does_not_come_back_by_a_change_of_password() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await;
    let tokens = bench.sign_in("wanda").await;
    let status = |status| {
        bench
            .accounts
            .set_status(ada, wanda.id, status, bench.now())
    };
    status(UserStatus::Disabled).await.unwrap();
    // Through a replica that has not heard of it yet.
    let change = PasswordChange {
        present: PASSWORD,
        code: None,
        new: "another horse",
        end_tokens: false,
    };
    let (elsewhere, origin) = (bench.replica(settings()), Origin::default());
    let changed = elsewhere.change_password(wanda.id, tokens.sid, change, &origin, bench.now());
    let refused = changed.await;
    assert!(
        matches!(
            refused,
            Err(PasswordChangeError::Unproven(ReauthenticationError::Over(
                AccessError::Disabled
            )))
        ),
        "{refused:?}"
    );
    status(UserStatus::Active).await.unwrap();
    let access = elsewhere
        .verify_access(&tokens.access_token, bench.now())
        .await;
    assert!(matches!(access, Err(AccessError::Revoked)), "{access:?}");
    assert!(bench.refresh(&tokens.refresh_token).await.is_err());
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let refused = bench
        .accounts
        .set_role(ada, ada.0, Role::Worker, bench.now())
        .await;
    assert!(matches!(refused, Err(RightsError::LastAdmin)));
    let refused = bench
        .accounts
        .set_status(ada, ada.0, UserStatus::Disabled, bench.now())
        .await;
    assert!(matches!(refused, Err(RightsError::LastAdmin)));
    // A disabled administrator is none.
    let bea = bench.register("bea").await;
    bench
        .accounts
        .set_role(ada, bea.id, Role::Admin, bench.now())
        .await
        .unwrap();
    bench
        .accounts
        .set_status(ada, bea.id, UserStatus::Disabled, bench.now())
        .await
        .unwrap();
    let refused = bench
        .accounts
        .set_role(ada, ada.0, Role::Worker, bench.now())
        .await;
    assert!(matches!(refused, Err(RightsError::LastAdmin)));
}

#[tokio::test]
async fn of_administrators_who_remove_each_other_at_once_one_is_left() {
    let bench = Bench::new().await;
    let mut admins = vec![bench.admin().await];
    for i in 1..6 {
        let user = bench.register(&format!("admin{i}")).await;
        bench
            .accounts
            .set_role(admins[0], user.id, Role::Admin, bench.now())
            .await
            .unwrap();
        admins.push(Admin(user.id));
    }
    let mut set = JoinSet::new();
    for i in 0..6 {
        let (accounts, by, whom) = (
            Arc::clone(&bench.accounts),
            admins[i],
            admins[(i + 1) % 6].0,
        );
        let now = bench.now();
        set.spawn(async move {
            if i % 2 == 0 {
                accounts.set_role(by, whom, Role::Worker, now).await
            } else {
                accounts
                    .set_status(by, whom, UserStatus::Disabled, now)
                    .await
            }
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 5);
    let last = |o: &&Result<_, _>| matches!(o, Err(RightsError::LastAdmin));
    assert_eq!(outcomes.iter().filter(last).count(), 1);
}

#[tokio::test]
async fn nobody_is_nobody() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let stranger = UserId(Uuid::now_v7());
    let refused = bench
        .accounts
        .set_role(ada, stranger, Role::Client, bench.now())
        .await;
    assert!(matches!(refused, Err(RightsError::NotFound)));
    assert_eq!(bench.accounts.find_user(stranger).await.unwrap(), None);
}
