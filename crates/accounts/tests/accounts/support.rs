//! A service over a database of its own, and a time that the test moves.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use datacrowd_accounts::{
    Accounts, Admin, NewUser, Origin, RefreshError, RegisterError, Role, SealingKey, SealingKeys,
    Settings, SigningKey, Tokens, User,
};
use datacrowd_testkit::TestDatabase;

pub const PASSWORD: &str = "correct horse";

pub struct Bench {
    pub accounts: Arc<Accounts>,
    pub database: TestDatabase,
    time: Mutex<DateTime<Utc>>,
}

pub fn key(kid: &str, byte: u8) -> SigningKey {
    SigningKey::new(kid, &[byte; 32]).unwrap()
}

pub fn sealing_key(byte: u8) -> SealingKey {
    SealingKey::new(&[byte; 32]).unwrap()
}

/// Sealing keys: the current one, and perhaps the one before.
pub fn sealing(current: u8, previous: Option<u8>) -> SealingKeys {
    SealingKeys::new(sealing_key(current), previous.map(sealing_key))
}

pub fn signed_by(current: SigningKey, previous: Option<SigningKey>) -> Settings {
    Settings::new(current, previous, sealing(1, None)).unwrap()
}

pub fn settings() -> Settings {
    signed_by(key("a", 1), None)
}

impl Bench {
    pub async fn new() -> Self {
        let database = TestDatabase::create("auth").await;
        let accounts = service(&database, settings());
        Self {
            accounts,
            database,
            // As the database keeps it.
            time: Mutex::new(Utc::now().trunc_subsecs(6)),
        }
    }

    /// Another replica over the same database.
    pub fn replica(&self, settings: Settings) -> Arc<Accounts> {
        service(&self.database, settings)
    }

    pub fn pass(&self, time: TimeDelta) {
        *self.time.lock().unwrap() += time;
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.time.lock().unwrap()
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, RefreshError> {
        self.accounts.refresh(token, self.now()).await
    }

    pub async fn register(&self, username: &str) -> User {
        self.add(new_user(username)).await.unwrap()
    }

    /// Registers without an invitation.
    pub async fn add(&self, new: NewUser) -> Result<User, RegisterError> {
        let registered = self
            .accounts
            .register(new, None, &Origin::default(), None, self.now())
            .await;
        registered.map(|r| r.user)
    }

    pub async fn sign_in(&self, username: &str) -> Tokens {
        let origin = Origin::default();
        self.accounts
            .login(username, PASSWORD, None, &origin, self.now())
            .await
            .unwrap()
    }

    /// The first administrator.
    pub async fn admin(&self) -> Admin {
        self.accounts
            .ensure_admin("ada", "ada@example.com", PASSWORD, self.now())
            .await
            .unwrap();
        let ada = self.accounts.find_username("ada").await.unwrap().unwrap();
        assert_eq!(ada.role, Role::Admin);
        Admin(ada.id)
    }

    /// Kinds of the events about a person, in order.
    pub async fn events(&self, user: &User) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM events WHERE user_id = $1 ORDER BY id")
            .bind(user.id.0)
            .fetch_all(&self.database.pool())
            .await
            .unwrap()
    }
}

fn service(database: &TestDatabase, settings: Settings) -> Arc<Accounts> {
    Arc::new(Accounts::new(database.pool(), settings).unwrap())
}

pub fn new_user(username: &str) -> NewUser {
    NewUser {
        email: format!("{username}@example.com"),
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

pub fn from(ip: &str) -> Origin {
    Origin {
        ip: Some(ip.to_owned()),
        user_agent: Some("test/1".to_owned()),
    }
}
