//! What is given to a session while it is being ended. The transaction that ends it is open when the other begins, as it
//! is for somebody who asks again and again.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use datacrowd_accounts::{
    AccessError, Admin, InvitationError, LoginError, NewInvitation, NewToken, Origin,
    PasswordChange, PasswordChangeError, ReauthenticationError, RightsError, Role, Scope,
    SecondFactorError, SessionId, TokenError, UserStatus,
};
use datacrowd_protocol::ids::UserId;
use sqlx::{Postgres, Transaction};

use crate::support::{Bench, PASSWORD};

fn nightly(bench: &Bench) -> NewToken {
    NewToken {
        name: "nightly".into(),
        scopes: vec![Scope::Read],
        expires_at: bench.now() + TimeDelta::days(9),
    }
}

impl Bench {
    /// A transaction that has changed a person's row in one column and is still open.
    pub async fn changing(&self, user: UserId, change: &str) -> Transaction<'static, Postgres> {
        let mut tx = self.database.pool().begin().await.unwrap();
        let change = format!("UPDATE users SET {change} WHERE id = '{}'", user.0);
        sqlx::raw_sql(sqlx::AssertSqlSafe(change))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx
    }

    /// Lets a change happen as soon as somebody waits for it.
    pub async fn commit_under_way(&self, change: Transaction<'static, Postgres>) {
        let pool = self.database.pool();
        for _ in 0..500 {
            let waits: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock')",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            if waits {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        change.commit().await.unwrap();
    }
}

/// As a new password, a reset and disabling do.
const ENDS: &str = "session_version = session_version + 1";

#[tokio::test]
async fn a_token_made_while_its_session_ends_is_refused() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let sid = bench.sign_in("wanda").await.sid;
    let ending = bench.changing(wanda, ENDS).await;
    let making = bench
        .accounts
        .create_token(wanda, sid, nightly(&bench), bench.now());
    let (made, ()) = tokio::join!(making, bench.commit_under_way(ending));
    assert!(
        matches!(made, Err(TokenError::Over(AccessError::Revoked))),
        "{made:?}"
    );
    assert!(
        bench
            .accounts
            .list_tokens(wanda, bench.now())
            .await
            .unwrap()
            .is_empty()
    );

    let sid = bench.sign_in("wanda").await.sid;
    let disabling = bench.changing(wanda, "status = 'disabled'").await;
    let making = bench
        .accounts
        .create_token(wanda, sid, nightly(&bench), bench.now());
    let (made, ()) = tokio::join!(making, bench.commit_under_way(disabling));
    assert!(
        matches!(made, Err(TokenError::Over(AccessError::Disabled))),
        "{made:?}"
    );
}

#[tokio::test]
async fn a_password_that_is_being_changed_while_its_owner_is_disabled_stays() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await.id;
    let here = bench.sign_in("wanda").await;
    let origin = Origin::default();
    let change = PasswordChange {
        present: PASSWORD,
        code: None,
        new: "another horse",
        end_tokens: false,
    };
    let disabled = "status = 'disabled', session_version = session_version + 1";
    let disabling = bench.changing(wanda, disabled).await;
    let changing = bench
        .accounts
        .change_password(wanda, here.sid, change, &origin, bench.now());
    let (changed, ()) = tokio::join!(changing, bench.commit_under_way(disabling));
    assert!(
        matches!(
            changed,
            Err(PasswordChangeError::Unproven(ReauthenticationError::Over(
                AccessError::Disabled
            )))
        ),
        "{changed:?}"
    );
    let enabled = bench
        .accounts
        .set_status(ada, wanda, UserStatus::Active, bench.now());
    enabled.await.unwrap();
    let refreshed = bench.refresh(&here.refresh_token).await;
    assert!(refreshed.is_err(), "the session does not come back");
    let login = bench
        .accounts
        .login("wanda", PASSWORD, None, &origin, bench.now())
        .await;
    assert!(login.is_ok(), "the password is the one before: {login:?}");
}

#[tokio::test]
async fn of_tokens_made_again_and_again_none_outlives_disabling() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let wanda = bench.register("wanda").await.id;
    for _ in 0..5 {
        let sid = bench.sign_in("wanda").await.sid;
        let mut thief = tokio::task::JoinSet::new();
        for i in 0..8 {
            let accounts = Arc::clone(&bench.accounts);
            let mut new = nightly(&bench);
            let now = bench.now();
            thief.spawn(async move {
                for n in 0..5 {
                    new.name = format!("{i} {n}");
                    let _ = accounts.create_token(wanda, sid, new.clone(), now).await;
                }
            });
        }
        let status = |status| bench.accounts.set_status(ada, wanda, status, bench.now());
        status(UserStatus::Disabled).await.unwrap();
        status(UserStatus::Active).await.unwrap();
        thief.join_all().await;
        assert!(
            bench
                .accounts
                .list_tokens(wanda, bench.now())
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn nothing_else_is_given_to_a_session_that_has_ended() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let origin = Origin::default();
    let over = |e: SecondFactorError| {
        matches!(
            e,
            SecondFactorError::Unproven(ReauthenticationError::Over(AccessError::Revoked))
        )
    };
    let sid = bench.sign_in("wanda").await.sid;
    let elsewhere: SessionId = bench.sign_in("wanda").await.sid;
    assert!(
        bench
            .accounts
            .revoke_session(wanda, sid, bench.now())
            .await
            .unwrap()
    );
    let accounts = &bench.accounts;
    let proven = accounts
        .reauthenticate(wanda, sid, PASSWORD, None, &origin, bench.now())
        .await;
    assert!(
        matches!(
            proven,
            Err(ReauthenticationError::Over(AccessError::Revoked))
        ),
        "{proven:?}"
    );
    let enrolled = accounts
        .enrol_totp(wanda, sid, PASSWORD, &origin, bench.now())
        .await;
    assert!(enrolled.is_err_and(over));
    let enrolled = accounts.enrol_totp(wanda, elsewhere, PASSWORD, &origin, bench.now());
    enrolled.await.unwrap();
    let confirmed = accounts
        .confirm_totp(wanda, sid, "000000", &origin, bench.now())
        .await;
    assert!(confirmed.is_err_and(over));
    let renewed = accounts
        .renew_recovery_codes(wanda, sid, PASSWORD, "000000", &origin, bench.now())
        .await;
    assert!(renewed.is_err_and(over));
    let off = accounts
        .disable_totp(wanda, sid, PASSWORD, "000000", &origin, bench.now())
        .await;
    assert!(off.is_err_and(over));
}

#[tokio::test]
async fn a_sign_in_that_was_proven_before_the_password_changed_begins_no_session() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await;
    let ending = bench.changing(wanda.id, ENDS).await;
    let origin = Origin::default();
    let signing_in = bench
        .accounts
        .login("wanda", PASSWORD, None, &origin, bench.now());
    let (signed_in, ()) = tokio::join!(signing_in, bench.commit_under_way(ending));
    assert!(
        matches!(signed_in, Err(LoginError::InvalidCredentials)),
        "{signed_in:?}"
    );
    assert_eq!(bench.events(&wanda).await, ["user.registered"]);
}

#[tokio::test]
async fn who_is_losing_the_role_of_an_admin_invites_and_resets_nobody() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let bea = bench.register("bea").await.id;
    let role = |role| bench.accounts.set_role(ada, bea, role, bench.now());
    role(Role::Admin).await.unwrap();
    for change in ["role = 'worker'", "status = 'disabled'"] {
        let new = NewInvitation {
            role: Role::Admin,
            tenant: None,
            tenant_id: None,
        };
        let demoting = bench.changing(bea, change).await;
        let inviting = bench.accounts.invite(Admin(bea), new, bench.now());
        let resetting = bench
            .accounts
            .issue_reset_link(Admin(bea), ada.0, true, bench.now());
        let ending = bench.commit_under_way(demoting);
        let (invited, reset, ()) = tokio::join!(inviting, resetting, ending);
        assert!(matches!(invited, Err(InvitationError::NoAdmin)), "{change}");
        assert!(matches!(reset, Err(RightsError::NoAdmin)), "{change}");
        role(Role::Admin).await.unwrap();
    }
}
