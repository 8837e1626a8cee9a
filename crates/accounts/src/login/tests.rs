//! What a try costs that is no guess.

#![expect(
    clippy::disallowed_methods,
    reason = "tests begin now, and count from there"
)]

use datacrowd_testkit::TestDatabase;

use super::*;
use crate::{NewUser, ReauthenticationError, SealingKey, SealingKeys, Settings, SigningKey};

const PASSWORD: &str = "correct horse";

fn service(database: &TestDatabase) -> Accounts {
    let seals = SealingKeys::new(SealingKey::new(&[1; 32]).unwrap(), None);
    let signs = SigningKey::new("a", &[1; 32]).unwrap();
    let settings = Settings::new(signs, None, seals).unwrap();
    Accounts::new(database.pool(), settings).unwrap()
}

#[tokio::test]
async fn who_is_turned_away_because_too_many_sign_in_has_guessed_nothing() {
    let database = TestDatabase::create("auth").await;
    let accounts = service(&database);
    let origin = Origin {
        ip: Some("203.0.113.7".to_owned()),
        user_agent: None,
    };
    let new = NewUser {
        email: "wanda@example.com".to_owned(),
        username: "wanda".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let wanda = accounts
        .register(new, None, &origin, None, Utc::now())
        .await
        .unwrap()
        .user
        .id;
    let own = accounts.own(wanda).await.unwrap();
    let others = accounts.hasher.fill();
    for _ in 0..8 {
        let refused = accounts
            .login("wanda", PASSWORD, None, &origin, Utc::now())
            .await;
        assert!(
            matches!(refused, Err(LoginError::Unavailable(Unavailable::Busy))),
            "{refused:?}"
        );
        let refused = accounts
            .prove_password(&own, PASSWORD, &origin, Utc::now())
            .await;
        let busy = matches!(
            refused,
            Err(ReauthenticationError::Unavailable(Unavailable::Busy))
        );
        assert!(busy, "the present password");
    }
    drop(others);
    let signed_in = accounts
        .login("wanda", PASSWORD, None, &origin, Utc::now())
        .await;
    assert!(signed_in.is_ok(), "{signed_in:?}");
}
