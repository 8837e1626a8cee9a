//! The second step, personal tokens and reset links.

use chrono::TimeDelta;
use datacrowd_accounts::{
    AccessError, Credential, LoginError, NewToken, Origin, ResetError, Scope, SecondFactorError,
    TokenError, Tokens, UserStatus,
};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Bench, PASSWORD};

/// The device that a person enrolled.
fn device(secret: &str) -> Totp {
    Builder::new()
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .with_account_name("wanda")
        .build()
        .unwrap()
}

impl Bench {
    fn code(&self, device: &Totp) -> String {
        let seconds = u64::try_from(self.now().timestamp()).unwrap();
        device.generate(seconds).to_string()
    }

    async fn sign_in_with(&self, code: Option<&str>) -> Result<Tokens, LoginError> {
        let origin = Origin::default();
        self.accounts.login("wanda", PASSWORD, code, &origin).await
    }
}

#[tokio::test]
async fn a_second_step_is_asked_for_once_confirmed_and_each_code_works_once() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let origin = Origin::default();
    let wrong = bench
        .accounts
        .enrol_totp(wanda, "guess work", &origin)
        .await;
    assert!(matches!(wrong, Err(SecondFactorError::WrongPassword)));
    let enrolled = bench.accounts.enrol_totp(wanda, PASSWORD, &origin).await;
    let enrolled = enrolled.unwrap();
    assert!(enrolled.url.starts_with("otpauth://totp/"), "{enrolled:?}");
    assert!(bench.sign_in_with(None).await.is_ok(), "not confirmed yet");

    let device = device(&enrolled.secret);
    let refused = bench.accounts.confirm_totp(wanda, "000000", &origin).await;
    assert!(matches!(refused, Err(SecondFactorError::WrongCode)));
    let code = bench.code(&device);
    let codes = bench.accounts.confirm_totp(wanda, &code, &origin).await;
    let codes = codes.unwrap();
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
    let off = bench.accounts.disable_totp(wanda, PASSWORD, &last, &origin);
    off.await.unwrap();
    assert!(bench.sign_in_with(None).await.is_ok());
}

#[tokio::test]
async fn two_uses_of_one_recovery_code_at_once_sign_in_once() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await.id;
    let origin = Origin::default();
    let enrolled = bench.accounts.enrol_totp(wanda, PASSWORD, &origin).await;
    let code = bench.code(&device(&enrolled.unwrap().secret));
    let codes = bench.accounts.confirm_totp(wanda, &code, &origin).await;
    let code = codes.unwrap().remove(0);
    let (one, two, three) = tokio::join!(
        bench.sign_in_with(Some(&code)),
        bench.sign_in_with(Some(&code)),
        bench.sign_in_with(Some(&code))
    );
    let in_ = [one, two, three].iter().filter(|r| r.is_ok()).count();
    assert_eq!(in_, 1);
}

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
    let create = |name, days| {
        bench
            .accounts
            .create_token(wanda, token(&bench, name, days))
    };
    let made = create("nightly", 30).await.unwrap();
    let taken = create("nightly", 30).await;
    assert!(matches!(taken, Err(TokenError::NameTaken)));
    for days in [0, 400] {
        let refused = create("other", days).await;
        assert!(matches!(refused, Err(TokenError::Invalid(_))), "{days}");
    }
    let caller = bench.accounts.verify_access(&made.text).await.unwrap();
    assert_eq!(caller.user_id, wanda);
    let scopes = vec![Scope::Read, Scope::Work];
    let id = made.token.id;
    assert_eq!(caller.credential, Credential::Token { id, scopes });
    let listed = bench.accounts.list_tokens(wanda).await.unwrap();
    assert_eq!(listed[0].last_used_at, Some(bench.now_in_rows()));

    bench
        .accounts
        .set_status(ada, wanda, UserStatus::Disabled)
        .await
        .unwrap();
    let disabled = bench.accounts.verify_access(&made.text).await;
    assert!(matches!(disabled, Err(AccessError::Disabled)));
    bench
        .accounts
        .set_status(ada, wanda, UserStatus::Active)
        .await
        .unwrap();

    let second = create("second", 1).await.unwrap();
    bench.accounts.verify_access(&second.text).await.unwrap();
    bench.pass(TimeDelta::days(1));
    let expired = bench.accounts.verify_access(&second.text).await;
    assert!(matches!(expired, Err(AccessError::Expired)));
    assert!(!bench.accounts.revoke_token(ada.0, id).await.unwrap());
    assert!(bench.accounts.revoke_token(wanda, id).await.unwrap());
    let revoked = bench.accounts.verify_access(&made.text).await;
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
    let script = bench
        .accounts
        .create_token(wanda, token(&bench, "script", 9));
    let script = script.await.unwrap();
    let enrolled = bench.accounts.enrol_totp(wanda, PASSWORD, &origin).await;
    let code = bench.code(&device(&enrolled.unwrap().secret));
    bench
        .accounts
        .confirm_totp(wanda, &code, &origin)
        .await
        .unwrap();

    let issue = || bench.accounts.issue_reset_link(ada, wanda, true);
    let replaced = issue().await.unwrap();
    let link = issue().await.unwrap();
    let redeem = |token: String, new: &'static str| {
        let accounts = &bench.accounts;
        async move { accounts.redeem_reset_link(&token, new).await }
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
        let over = bench.accounts.verify_access(text).await;
        assert!(matches!(over, Err(AccessError::Revoked)), "{over:?}");
    }
    let login = bench
        .accounts
        .login("wanda", "a new password", None, &origin);
    assert!(login.await.is_ok());

    let late = issue().await.unwrap();
    bench.pass(TimeDelta::hours(24));
    let expired = redeem(late.token, "another password").await;
    assert!(matches!(expired, Err(ResetError::InvalidLink)));
}
