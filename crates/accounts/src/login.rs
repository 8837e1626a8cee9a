//! Signing in.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    alive::{self, Alive},
    error::{Doing, LoginError, Unavailable},
    identity,
    login_throttle::{Account, Admission},
    password::Fit,
    reauthentication::Own,
    record,
    refresh::RefreshToken,
    second_factor::Accepted,
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// Longer than any address of 254 characters.
const MAX_LOGIN_BYTES: usize = 1024;

/// Where a request came from, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address, when a proxy that is trusted says so.
    pub ip: Option<String>,
    /// The client's name for itself; shown in the list of sessions, cut to 200 characters.
    pub user_agent: Option<String>,
}

/// What a client gets to act in somebody's name.
#[derive(Clone)]
pub struct Tokens {
    /// Sent with each request.
    pub access_token: String,
    /// Exchanged once for the next pair.
    pub refresh_token: String,
    /// How long the access token lives.
    pub expires_in: TimeDelta,
    /// How long the refresh token lives.
    pub refresh_expires_in: TimeDelta,
    /// Whose they are.
    pub user_id: UserId,
    /// Which session they belong to.
    pub sid: SessionId,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens(session {})", self.sid)
    }
}

/// What somebody signs in under: a username, or an address in its one form and as it was typed.
struct Name<'a> {
    username: Option<&'a str>,
    address: Option<&'a str>,
    key: Option<String>,
}

impl<'a> Name<'a> {
    fn read(login: &'a str) -> Self {
        let is_address = login.contains('@');
        Self {
            username: Some(login).filter(|_| !is_address),
            address: Some(login).filter(|_| is_address),
            key: identity::email_key(login).filter(|_| is_address),
        }
    }

    /// Under which failures are counted where nobody has it: spellings of one name are one.
    fn counted(&self) -> &str {
        let typed = self.username.or(self.address).unwrap_or_default();
        self.key.as_deref().unwrap_or(typed)
    }
}

/// Somebody found under a name.
struct Found {
    own: Own,
    role: Role,
    status: UserStatus,
    session_version: i32,
}

impl Accounts {
    /// Signs in by username or e-mail address; `code` is of the second step, for who has one.
    ///
    /// # Errors
    /// See [`LoginError`]. Unknown names cost the same time and the same writes, and slow down alike.
    pub async fn login(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Tokens, LoginError> {
        if login.len() > MAX_LOGIN_BYTES || login.contains('\0') {
            return Err(LoginError::InvalidCredentials); // nobody's name; Postgres has no NUL
        }
        let name = Name::read(login);
        let found = self.find(&name).await?;
        let user = found.as_ref().map(|found| found.own.user);
        let account = Account::of(user, name.counted());
        let attempt = match self.attempt(account, user, origin, now).await? {
            Admission::Allowed(attempt) => attempt,
            Admission::Wait(retry_after) => return Err(LoginError::Throttled { retry_after }),
        };
        let stored = found.as_ref().map(|found| found.own.password_hash.as_str());
        let fit = match self.hasher.verify(password, stored).await {
            Ok(fit) => fit,
            Err(error) => return Err(self.not_looked_at(attempt, error, now).await.into()),
        };
        let Some(found) = found.filter(|_| fit != Fit::No) else {
            self.note_refusal(account, user, "password", origin, now)
                .await?;
            return Err(LoginError::InvalidCredentials);
        };
        if found.status == UserStatus::Disabled {
            return Err(LoginError::Disabled);
        }
        let one_form = match fit {
            Fit::AsTyped => Some(self.hasher.hash(password).await?),
            _ => None,
        };

        let mut tx = self.pool.begin().await.doing("beginning a session")?;
        let alive = alive::since(&mut tx, found.own.user, found.session_version).await?;
        match self.accept(&mut tx, &found.own, code, now).await? {
            Accepted::Off | Accepted::Yes => {}
            Accepted::Missing => return Err(LoginError::CodeRequired),
            Accepted::No => {
                drop(tx);
                self.note_refusal(account, user, "code", origin, now)
                    .await?;
                return Err(LoginError::WrongCode);
            }
        }
        attempt.forget(&mut tx, now).await?;
        if let Some(hash) = one_form {
            keep_one_form(&mut tx, &found.own, &hash).await?;
        }
        let tokens = self
            .begin_session(&mut tx, &alive, &found, origin, now)
            .await?;
        tx.commit().await.doing("committing a session")?;
        Ok(tokens)
    }

    /// An account of before addresses had one form is found by its address as it stands there.
    async fn find(&self, name: &Name<'_>) -> Result<Option<Found>, Unavailable> {
        let row = sqlx::query!(
            r#"SELECT id, email, username, password_hash, role AS "role: Role", status AS "status: UserStatus", session_version
               FROM users WHERE lower(username) = lower($1) OR lower(email) = lower($2) OR email_key = $3
               ORDER BY lower(email) IS NOT DISTINCT FROM lower($2) DESC LIMIT 1"#,
            name.username,
            name.address,
            name.key
        )
        .fetch_optional(&self.pool)
        .await
        .doing("looking for a user")?;
        Ok(row.map(|row| Found {
            own: Own {
                user: UserId(row.id),
                email: row.email,
                username: row.username,
                password_hash: row.password_hash,
            },
            role: row.role,
            status: row.status,
            session_version: row.session_version,
        }))
    }

    async fn begin_session(
        &self,
        tx: &mut sqlx::PgConnection,
        alive: &Alive,
        found: &Found,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Tokens, Unavailable> {
        let user = alive.user();
        let sid = SessionId(Uuid::now_v7());
        let token = RefreshToken::new();
        let ip = origin.ip.as_deref();
        sqlx::query!(
            "INSERT INTO sessions (id, user_id, session_version, ip, user_agent, created_at, last_used_at, expires_at, proven_at)
             VALUES ($1, $2, $3, $4, left($5, 200), $6, $6, $7, $6)",
            sid.0,
            user.0,
            found.session_version,
            ip,
            origin.user_agent.as_deref(),
            now,
            now + self.settings.refresh
        )
        .execute(&mut *tx)
        .await
        .doing("beginning a session")?;
        self.issue(tx, sid, &token, now).await?;
        let details = json!({"sid": sid, "ip": ip});
        record::act(tx, now, "session.started", user, details).await?;
        self.tokens(token, now, user, &found.own.username, found.role, sid)
    }

    /// Notes a refused sign-in: in the audit of somebody's account, or beside it for a name that nobody has. Either
    /// way one row, and the throttle bounds how many there can be.
    async fn note_refusal(
        &self,
        account: Account,
        user: Option<UserId>,
        what: &'static str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let mut connection = self.pool.acquire().await.doing("noting an attempt")?;
        let details = json!({"wrong": what, "ip": origin.ip});
        if let Some(user) = user {
            return record::decision(&mut connection, now, None, "session.refused", user, details)
                .await;
        }
        sqlx::query!(
            "INSERT INTO sign_ins_of_nobody (at, account, details) VALUES ($1, $2, $3)",
            now,
            &account.0,
            details
        )
        .execute(&mut *connection)
        .await
        .doing("noting an attempt")?;
        Ok(())
    }
}

/// A password that was stored as it was typed is stored in its one form from now on.
async fn keep_one_form(
    tx: &mut sqlx::PgConnection,
    own: &Own,
    hash: &str,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        own.user.0,
        own.password_hash,
        hash
    )
    .execute(tx)
    .await
    .doing("keeping a password in its one form")?;
    Ok(())
}

#[cfg(test)]
mod tests;
