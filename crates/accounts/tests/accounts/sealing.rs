//! Secrets of second steps at rest.

use chrono::TimeDelta;
use datacrowd_accounts::{Accounts, LoginError, Origin, Sealing, Settings};
use totp_rs::Builder;

use crate::support::{Bench, PASSWORD, key, sealing, settings};

/// What the database holds of wanda's device: plain, sealed, and under which key.
async fn stored(bench: &Bench) -> (Vec<u8>, Option<Vec<u8>>, Option<String>) {
    sqlx::query_as("SELECT secret, sealed, sealed_by FROM totp_secrets")
        .fetch_one(&bench.database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn secrets_are_sealed_and_those_of_before_and_of_the_key_before_are_sealed_anew() {
    let bench = Bench::new().await;
    let (_, _, device, _) = bench.with_second_step().await;
    let (plain, sealed, by) = stored(&bench).await;
    let sealed = sealed.unwrap();
    assert!(!sealed.windows(8).any(|w| plain.windows(8).any(|p| p == w)));

    // A row of the release before.
    let pool = bench.database.pool();
    sqlx::query("UPDATE totp_secrets SET sealed = NULL, sealed_by = NULL")
        .execute(&pool)
        .await
        .unwrap();
    assert!(bench.sign_in_with(Some(&bench.code(&device))).await.is_ok());
    let replica = bench.replica(settings());
    let (one, two) = tokio::join!(bench.accounts.seal_secrets(), replica.seal_secrets());
    assert_eq!(
        one.unwrap().sealed + two.unwrap().sealed,
        1,
        "by one of two"
    );
    assert_eq!(stored(&bench).await.2, by);

    let with = |sealing| {
        let signing = key("a", 1);
        Settings::new(signing, None, sealing).unwrap()
    };
    let rotated = bench.replica(with(sealing(2, Some(1))));
    let sign_in = async |accounts: &Accounts| {
        bench.pass(TimeDelta::seconds(90));
        let code = bench.code(&device);
        let origin = Origin::default();
        accounts
            .login("wanda", PASSWORD, Some(&code), &origin, bench.now())
            .await
    };
    assert!(
        sign_in(&rotated).await.is_ok(),
        "the key before still opens"
    );
    let pass = rotated.seal_secrets().await.unwrap();
    assert_eq!(pass, Sealing { sealed: 1, lost: 0 });
    assert_eq!(rotated.seal_secrets().await.unwrap(), Sealing::default());
    assert_ne!(stored(&bench).await.2, by);
    let later = bench.replica(with(sealing(2, None)));
    assert!(sign_in(&later).await.is_ok());
}

#[tokio::test]
async fn a_lost_key_refuses_devices_and_leaves_recovery_codes_and_reset_links() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let (wanda, _, device, codes) = bench.with_second_step().await;
    let settings = Settings::new(key("a", 1), None, sealing(9, None));
    let lost = bench.replica(settings.unwrap());
    let pass = lost.seal_secrets().await.unwrap();
    assert_eq!(pass, Sealing { sealed: 0, lost: 1 });
    let origin = Origin::default();
    let login = |password, code: Option<String>| {
        let (lost, origin) = (&lost, &origin);
        let now = bench.now();
        async move {
            lost.login("wanda", password, code.as_deref(), origin, now)
                .await
        }
    };
    let by_device = login(PASSWORD, Some(bench.code(&device))).await;
    assert!(
        matches!(by_device, Err(LoginError::Unavailable(_))),
        "{by_device:?}"
    );
    assert!(login(PASSWORD, Some(codes[0].clone())).await.is_ok());
    let link = lost
        .issue_reset_link(ada, wanda, true, bench.now())
        .await
        .unwrap();
    let redeemed = lost.redeem_reset_link(&link.token, "a new password", &origin, bench.now());
    redeemed.await.unwrap();
    assert!(login("a new password", None).await.is_ok());
}

#[tokio::test]
async fn a_device_that_the_release_before_enrolled_anew_is_the_one_that_counts() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let sid = bench.sign_in("wanda").await.sid;
    let origin = Origin::default();
    let enrolled = bench
        .accounts
        .enrol_totp(wanda, sid, PASSWORD, &origin, bench.now());
    enrolled.await.unwrap();
    let other = [7_u8; 20];
    // Its statement, which knows the plain column only.
    sqlx::query(
        "INSERT INTO totp_secrets (user_id, secret, created_at) VALUES ($1, $2, now())
         ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = now()
         WHERE totp_secrets.confirmed_at IS NULL",
    )
    .bind(wanda.0)
    .bind(other.as_slice())
    .execute(&bench.database.pool())
    .await
    .unwrap();
    let device = Builder::new()
        .with_secret(other.to_vec())
        .with_account_name("wanda")
        .build()
        .unwrap();
    let code = bench.code(&device);
    let confirmed = bench
        .accounts
        .confirm_totp(wanda, sid, &code, &origin, bench.now());
    assert!(confirmed.await.is_ok());
}
