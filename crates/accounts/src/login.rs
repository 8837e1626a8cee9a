//! Signing in and staying signed in.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    backoff::{self, Account, Attempt},
    error::{Doing, LoginError, RefreshError, Unavailable},
    jwt::{self, Claims},
    proof::Own,
    record,
    second_factor::{self, Accepted},
    sessions::{self, SessionId},
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

/// A refresh token, and the digest by which it is found again.
struct RefreshToken {
    text: String,
    digest: [u8; 32],
}

impl RefreshToken {
    fn new() -> Self {
        let bits: [u8; 32] = rand::random();
        Self::read(&format!("dcr_{}", hex::encode(bits)))
    }

    fn read(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            digest: Sha256::digest(text).into(),
        }
    }
}

impl Accounts {
    /// Signs in by username or e-mail address; `code` is of the second step, for who has one.
    ///
    /// # Errors
    /// See [`LoginError`]. Unknown names cost the same time and slow down alike.
    pub async fn login(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        origin: &Origin,
    ) -> Result<Tokens, LoginError> {
        if login.len() > MAX_LOGIN_BYTES || login.contains('\0') {
            return Err(LoginError::InvalidCredentials); // nobody's name; Postgres has no NUL
        }
        let found = sqlx::query!(
            r#"SELECT id, email, username, password_hash, role AS "role: Role", status AS "status: UserStatus", session_version
               FROM users
               WHERE CASE WHEN strpos($1, '@') > 0 THEN lower(email) ELSE lower(username) END = lower($1)"#,
            login
        )
        .fetch_optional(&self.pool)
        .await
        .doing("looking for a user")?;
        let user_id = found.as_ref().map(|user| UserId(user.id));
        let account = Account::of(user_id, login);
        let ip = origin.ip.as_deref();
        if let Attempt::Wait(retry_after) = self.attempt(account, user_id, ip).await? {
            return Err(LoginError::Backoff { retry_after });
        }
        let stored = found.as_ref().map(|user| user.password_hash.as_str());
        let is_right = self.hasher.verify(password, stored).await?;
        let Some(user) = found.filter(|_| is_right) else {
            if let Some(user) = user_id {
                self.sign_in_refused(user, "password", origin).await?;
            }
            return Err(LoginError::InvalidCredentials);
        };
        if user.status == UserStatus::Disabled {
            return Err(LoginError::Disabled);
        }

        let user_id = UserId(user.id);
        let sid = SessionId(Uuid::now_v7());
        let token = RefreshToken::new();
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning a session")?;
        let own = Own {
            user: user_id,
            email: user.email,
            username: user.username.clone(),
            password_hash: user.password_hash,
        };
        match (code, second_factor::is_on(&mut tx, user_id).await?) {
            (_, None) => {}
            (None, Some(_)) => return Err(LoginError::CodeRequired),
            (Some(code), Some(_)) => {
                if second_factor::accept(&mut tx, &own, code, now).await? != Accepted::Yes {
                    drop(tx);
                    self.sign_in_refused(user_id, "code", origin).await?;
                    return Err(LoginError::WrongCode);
                }
            }
        }
        backoff::clear(&mut tx, account, ip).await?;
        let user_agent = origin.user_agent.as_deref();
        sqlx::query!(
            "INSERT INTO sessions (id, user_id, session_version, ip, user_agent, created_at, last_used_at, expires_at)
             VALUES ($1, $2, $3, $4, left($5, 200), $6, $6, $7)",
            sid.0,
            user.id,
            user.session_version,
            ip,
            user_agent,
            now,
            now + self.settings.refresh
        )
        .execute(&mut *tx)
        .await
        .doing("beginning a session")?;
        self.issue(&mut tx, sid, &token, now).await?;
        let details = json!({"sid": sid, "ip": ip});
        record::act(&mut tx, now, "session.started", user_id, details).await?;
        tx.commit().await.doing("committing a session")?;
        Ok(self.tokens(token, now, user_id, &user.username, user.role, sid)?)
    }

    /// Notes a refused attempt on somebody's account; backoff bounds how many there can be.
    async fn sign_in_refused(
        &self,
        user: UserId,
        what: &'static str,
        origin: &Origin,
    ) -> Result<(), Unavailable> {
        let mut connection = self.pool.acquire().await.doing("noting an attempt")?;
        let details = json!({"wrong": what, "ip": origin.ip});
        let now = self.clock.now();
        record::decision(&mut connection, now, None, "session.refused", user, details).await
    }

    /// Exchanges a refresh token for the next pair; each can be used once.
    ///
    /// # Errors
    /// See [`RefreshError`]. A second use ends the session, for the thief and the owner.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, RefreshError> {
        let used = RefreshToken::read(refresh_token);
        let next = RefreshToken::new();
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning a refresh")?;
        // The session's lock decides between two uses at the same time, so it is taken before the
        // token is looked at.
        let session = sqlx::query!(
            "SELECT id FROM sessions WHERE id = (SELECT family FROM refresh_tokens WHERE token_hash = $1) FOR UPDATE",
            &used.digest
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("locking a session")?
        .ok_or(RefreshError::Invalid)?;
        let sid = SessionId(session.id);
        let state = sqlx::query!(
            r#"SELECT u.id, u.username, u.role AS "role: Role", t.rotated_at,
                      (s.revoked_at IS NULL AND s.session_version = u.session_version
                       AND u.status = 'active' AND t.expires_at > $2) AS "is_usable!"
               FROM refresh_tokens t JOIN sessions s ON s.id = t.family JOIN users u ON u.id = s.user_id
               WHERE t.token_hash = $1"#,
            &used.digest,
            now
        )
        .fetch_one(&mut *tx)
        .await
        .doing("reading a refresh token")?;
        let user_id = UserId(state.id);
        if state.rotated_at.is_some() {
            let ended = sessions::revoke(&mut tx, sid, user_id, "reuse", now).await?;
            tx.commit().await.doing("ending a stolen session")?;
            if ended {
                tracing::warn!(user.id = %user_id, session.id = %sid, "a refresh token was used twice; its session is over");
                self.cache.forget(user_id);
            }
            return Err(RefreshError::Reused);
        }
        if !state.is_usable {
            return Err(RefreshError::Invalid);
        }
        sqlx::query!(
            "UPDATE refresh_tokens SET rotated_at = $2, replaced_by = $3 WHERE token_hash = $1",
            &used.digest,
            now,
            &next.digest
        )
        .execute(&mut *tx)
        .await
        .doing("rotating a refresh token")?;
        self.issue(&mut tx, sid, &next, now).await?;
        sqlx::query!(
            "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1",
            sid.0,
            now,
            now + self.settings.refresh
        )
        .execute(&mut *tx)
        .await
        .doing("prolonging a session")?;
        tx.commit().await.doing("committing a refresh")?;
        Ok(self.tokens(next, now, user_id, &state.username, state.role, sid)?)
    }

    async fn issue(
        &self,
        tx: &mut PgConnection,
        sid: SessionId,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        sqlx::query!(
            "INSERT INTO refresh_tokens (token_hash, family, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
            &token.digest,
            sid.0,
            now,
            now + self.settings.refresh
        )
        .execute(tx)
        .await
        .doing("issuing a refresh token")?;
        Ok(())
    }

    fn tokens(
        &self,
        refresh: RefreshToken,
        now: DateTime<Utc>,
        user_id: UserId,
        username: &str,
        role: Role,
        sid: SessionId,
    ) -> Result<Tokens, Unavailable> {
        let claims = Claims::new(&self.settings, now, user_id, username, role, sid);
        Ok(Tokens {
            access_token: jwt::sign(&self.settings, &claims)?,
            refresh_token: refresh.text,
            expires_in: self.settings.access,
            user_id,
            sid,
        })
    }
}
