//! The second step of signing in: its codes, and what it proves.

use chrono::TimeDelta;
use datacrowd_accounts::{
    LoginError, Origin, PasswordChange, PasswordChangeError, ReauthenticationError,
    SecondFactorError, Tokens,
};
use datacrowd_protocol::ids::UserId;
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Bench, PASSWORD};

/// The device that a person enrolled.
pub fn device(secret: &str) -> Totp {
    Builder::new()
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .with_account_name("wanda")
        .build()
        .unwrap()
}

impl Bench {
    pub fn code(&self, device: &Totp) -> String {
        let seconds = u64::try_from(self.now().timestamp()).unwrap();
        device.generate(seconds).to_string()
    }

    pub async fn sign_in_with(&self, code: Option<&str>) -> Result<Tokens, LoginError> {
        let origin = Origin::default();
        self.accounts
            .login("wanda", PASSWORD, code, &origin, self.now())
            .await
    }

    /// Wanda, who turned her second step on, with her device and her recovery codes.
    pub async fn with_second_step(&self) -> (UserId, Tokens, Totp, Vec<String>) {
        let wanda = self.register("wanda").await.id;
        let here = self.sign_in("wanda").await;
        let origin = Origin::default();
        let enrolled = self
            .accounts
            .enrol_totp(wanda, here.sid, PASSWORD, &origin, self.now());
        let device = device(&enrolled.await.unwrap().secret);
        let code = self.code(&device);
        let codes = self
            .accounts
            .confirm_totp(wanda, here.sid, &code, &origin, self.now());
        let codes = codes.await.unwrap();
        self.pass(TimeDelta::seconds(90)); // that code is used
        (wanda, here, device, codes)
    }
}

fn is_wrong_code<T>(outcome: &Result<T, SecondFactorError>) -> bool {
    let wrong = SecondFactorError::Unproven(ReauthenticationError::WrongCode);
    matches!(outcome, Err(error) if error.to_string() == wrong.to_string())
}

#[tokio::test]
async fn a_second_step_is_asked_for_once_confirmed_and_each_code_works_once() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let sid = bench.sign_in("wanda").await.sid;
    let origin = Origin::default();
    let wrong = bench
        .accounts
        .enrol_totp(wanda, sid, "guess work", &origin, bench.now());
    let wrong = wrong.await;
    assert!(matches!(
        wrong,
        Err(SecondFactorError::Unproven(
            ReauthenticationError::WrongPassword
        ))
    ));
    let enrolled = bench
        .accounts
        .enrol_totp(wanda, sid, PASSWORD, &origin, bench.now());
    let enrolled = enrolled.await.unwrap();
    assert!(enrolled.url.starts_with("otpauth://totp/"), "{enrolled:?}");
    assert!(bench.sign_in_with(None).await.is_ok(), "not confirmed yet");

    let device = device(&enrolled.secret);
    let confirm = |code: String| {
        let (accounts, origin) = (&bench.accounts, &origin);
        let now = bench.now();
        async move { accounts.confirm_totp(wanda, sid, &code, origin, now).await }
    };
    assert!(is_wrong_code(&confirm("000000".into()).await));
    let code = bench.code(&device);
    let codes = confirm(code.clone()).await.unwrap();
    assert_eq!(codes.len(), 10);

    let without = bench.sign_in_with(None).await;
    assert!(matches!(without, Err(LoginError::CodeRequired)));
    let replayed = bench.sign_in_with(Some(&code)).await;
    assert!(matches!(replayed, Err(LoginError::WrongCode)));
    bench.pass(TimeDelta::seconds(90));
    let next = bench.code(&device);
    assert!(bench.sign_in_with(Some(&next)).await.is_ok());
    assert!(bench.sign_in_with(Some(&codes[0])).await.is_ok());
    let again = bench.sign_in_with(Some(&codes[0])).await;
    assert!(matches!(again, Err(LoginError::WrongCode)));
    let state = bench.accounts.second_factor(wanda).await.unwrap();
    assert_eq!(
        (state.confirmed_at.is_some(), state.recovery_codes),
        (true, 9)
    );

    bench.pass(TimeDelta::seconds(90));
    let last = bench.code(&device);
    let off = bench
        .accounts
        .disable_totp(wanda, sid, PASSWORD, &last, &origin, bench.now());
    off.await.unwrap();
    assert!(bench.sign_in_with(None).await.is_ok());
}

#[tokio::test]
async fn two_uses_of_one_recovery_code_at_once_sign_in_once() {
    let bench = Bench::new().await;
    let (_, _, _, codes) = bench.with_second_step().await;
    let code = codes[0].as_str();
    let (one, two, three) = tokio::join!(
        bench.sign_in_with(Some(code)),
        bench.sign_in_with(Some(code)),
        bench.sign_in_with(Some(code))
    );
    let in_ = [one, two, three].iter().filter(|r| r.is_ok()).count();
    assert_eq!(in_, 1);
}

#[tokio::test]
async fn nothing_that_proves_only_the_password_lets_codes_be_guessed_anew() {
    let bench = Bench::new().await;
    let (wanda, here, device, _) = bench.with_second_step().await;
    let origin = Origin::default();
    for _ in 0..5 {
        let guessed = bench.sign_in_with(Some("000000")).await;
        assert!(matches!(guessed, Err(LoginError::WrongCode)));
    }
    let enrolled = bench
        .accounts
        .enrol_totp(wanda, here.sid, PASSWORD, &origin, bench.now());
    assert!(matches!(enrolled.await, Err(SecondFactorError::AlreadyOn)));
    let blocked = bench.sign_in_with(Some("000000")).await;
    assert!(
        matches!(blocked, Err(LoginError::Throttled { .. })),
        "{blocked:?}"
    );
    bench.pass(TimeDelta::minutes(2));
    let change = PasswordChange {
        present: PASSWORD,
        code: None,
        new: "a new password",
        end_tokens: false,
    };
    let changed = bench
        .accounts
        .change_password(wanda, here.sid, change, &origin, bench.now());
    assert!(matches!(
        changed.await,
        Err(PasswordChangeError::Unproven(
            ReauthenticationError::CodeRequired
        ))
    ));
    let blocked = bench.sign_in_with(Some("000000")).await;
    assert!(
        matches!(blocked, Err(LoginError::Throttled { .. })),
        "{blocked:?}"
    );
    bench.pass(TimeDelta::minutes(2));
    let code = bench.code(&device);
    assert!(
        bench.sign_in_with(Some(&code)).await.is_ok(),
        "the whole proof"
    );
    let fresh = bench.sign_in_with(Some("000000")).await;
    assert!(
        matches!(fresh, Err(LoginError::WrongCode)),
        "forgets the failures"
    );
}

#[tokio::test]
async fn beginning_a_second_step_again_and_again_forgets_no_failure() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let sid = bench.sign_in("wanda").await.sid;
    let origin = Origin::default();
    for round in 0..4 {
        let guess = bench
            .accounts
            .login("wanda", "guess work", None, &origin, bench.now());
        assert!(matches!(guess.await, Err(LoginError::InvalidCredentials)));
        let enrolled = bench
            .accounts
            .enrol_totp(wanda, sid, PASSWORD, &origin, bench.now());
        assert!(enrolled.await.is_ok(), "{round}: costs nothing");
    }
    let mut looked_at = 0;
    for _ in 0..6 {
        let guess = bench
            .accounts
            .login("wanda", "guess work", None, &origin, bench.now());
        looked_at += i32::from(matches!(guess.await, Err(LoginError::InvalidCredentials)));
    }
    assert_eq!(looked_at, 2, "four had been counted");
}

#[tokio::test]
async fn new_recovery_codes_ask_for_a_code() {
    let bench = Bench::new().await;
    let (wanda, here, device, codes) = bench.with_second_step().await;
    let origin = Origin::default();
    let renew = |code: String| {
        let (accounts, origin) = (&bench.accounts, &origin);
        let now = bench.now();
        async move {
            accounts
                .renew_recovery_codes(wanda, here.sid, PASSWORD, &code, origin, now)
                .await
        }
    };
    assert!(is_wrong_code(&renew(String::new()).await));
    assert!(is_wrong_code(&renew("000000".into()).await));
    let renewed = renew(bench.code(&device)).await.unwrap();
    let old = bench.sign_in_with(Some(&codes[0])).await;
    assert!(matches!(old, Err(LoginError::WrongCode)));
    assert!(bench.sign_in_with(Some(&renewed[0])).await.is_ok());
    assert!(
        renew(renewed[1].clone()).await.is_ok(),
        "a recovery code is one"
    );
}

#[tokio::test]
async fn a_proof_is_fresh_for_ten_minutes_and_asks_for_a_code_where_there_is_a_second_step() {
    let bench = Bench::new().await;
    let (wanda, here, device, _) = bench.with_second_step().await;
    let origin = Origin::default();
    let fresh = || {
        bench
            .accounts
            .is_freshly_proven(wanda, here.sid, bench.now())
    };
    bench.pass(TimeDelta::minutes(10));
    assert!(!fresh().await.unwrap());
    let again = |password, code: Option<String>| {
        let (accounts, origin) = (&bench.accounts, &origin);
        let now = bench.now();
        async move {
            let code = code.as_deref();
            accounts
                .reauthenticate(wanda, here.sid, password, code, origin, now)
                .await
        }
    };
    let wrong = again("guess work", None).await;
    assert!(
        matches!(wrong, Err(ReauthenticationError::WrongPassword)),
        "{wrong:?}"
    );
    let half = again(PASSWORD, None).await;
    assert!(
        matches!(half, Err(ReauthenticationError::CodeRequired)),
        "{half:?}"
    );
    let wrong = again(PASSWORD, Some("000000".into())).await;
    assert!(
        matches!(wrong, Err(ReauthenticationError::WrongCode)),
        "{wrong:?}"
    );
    assert!(!fresh().await.unwrap());
    let until = again(PASSWORD, Some(bench.code(&device))).await.unwrap();
    assert_eq!(until, bench.now() + TimeDelta::minutes(10));
    assert!(fresh().await.unwrap());
    let refreshed = bench.refresh(&here.refresh_token).await.unwrap();
    bench.pass(TimeDelta::minutes(10));
    bench.refresh(&refreshed.refresh_token).await.unwrap();
    assert!(!fresh().await.unwrap(), "refreshing proves nothing");
}

#[tokio::test]
async fn turning_the_second_step_on_outdates_what_other_sessions_proved() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let (here, there) = (bench.sign_in("wanda").await, bench.sign_in("wanda").await);
    let origin = Origin::default();
    let enrolled = bench
        .accounts
        .enrol_totp(wanda, here.sid, PASSWORD, &origin, bench.now());
    let code = bench.code(&device(&enrolled.await.unwrap().secret));
    let confirmed = bench
        .accounts
        .confirm_totp(wanda, here.sid, &code, &origin, bench.now());
    confirmed.await.unwrap();
    let fresh = |sid| bench.accounts.is_freshly_proven(wanda, sid, bench.now());
    assert!(fresh(here.sid).await.unwrap());
    assert!(!fresh(there.sid).await.unwrap());
    assert!(
        bench
            .accounts
            .verify_access(&there.access_token, bench.now())
            .await
            .is_ok()
    );
}
