//! Sessions: listing and ending them.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
    record,
};

/// One sign-in on one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Where it began.
    pub ip: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When its tokens were last renewed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if it is not used.
    pub expires_at: DateTime<Utc>,
}

struct SessionRow {
    id: Uuid,
    ip: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        let SessionRow {
            id,
            ip,
            user_agent,
            created_at,
            last_used_at,
            expires_at,
        } = row;
        Self {
            id: SessionId(id),
            ip,
            user_agent,
            created_at,
            last_used_at,
            expires_at,
        }
    }
}

/// How long ended sessions and old failures stay for who investigates.
const KEPT: TimeDelta = TimeDelta::days(30);

impl Accounts {
    /// A person's live sessions, the newest first, at most 100.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_sessions(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Session>, Unavailable> {
        let rows = sqlx::query_as!(
            SessionRow,
            "SELECT s.id, s.ip, s.user_agent, s.created_at, s.last_used_at, s.expires_at
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2
               AND s.session_version = u.session_version
             ORDER BY s.id DESC LIMIT 100",
            user.0,
            now
        )
        .fetch_all(&self.pool)
        .await
        .doing("listing sessions")?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// Ends one of a person's sessions; false when it was not theirs or already over.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn revoke_session(
        &self,
        user: UserId,
        sid: SessionId,
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let mut tx = self
            .pool
            .begin()
            .await
            .doing("beginning to end a session")?;
        let ended = revoke(&mut tx, sid, user, "revoked", now).await?;
        tx.commit().await.doing("ending a session")?;
        self.cache.forget(user);
        Ok(ended)
    }

    /// Ends the session of a refresh token. One that is unknown or over has nothing to end.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn logout(&self, refresh_token: &str, now: DateTime<Utc>) -> Result<(), Unavailable> {
        let digest: [u8; 32] = Sha256::digest(refresh_token).into();
        let mut tx = self.pool.begin().await.doing("beginning a logout")?;
        let session = sqlx::query!(
            "SELECT s.id, s.user_id FROM refresh_tokens t JOIN sessions s ON s.id = t.family WHERE t.token_hash = $1",
            &digest
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("looking for a session")?;
        let Some(session) = session else {
            return Ok(());
        };
        let user = UserId(session.user_id);
        revoke(&mut tx, SessionId(session.id), user, "logout", now).await?;
        tx.commit().await.doing("committing a logout")?;
        self.cache.forget(user);
        Ok(())
    }

    /// Removes sessions that ended long ago, used tokens that have expired and failures nobody counts any
    /// more; returns the number of rows.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, Unavailable> {
        let sessions = sqlx::query!("DELETE FROM sessions WHERE expires_at < $1", now - KEPT)
            .execute(&self.pool)
            .await
            .doing("sweeping sessions")?;
        // A used token that has expired is refused without being known.
        let tokens = sqlx::query!(
            "DELETE FROM refresh_tokens WHERE rotated_at IS NOT NULL AND expires_at < $1",
            now
        )
        .execute(&self.pool)
        .await
        .doing("sweeping refresh tokens")?;
        sqlx::query!("DELETE FROM reset_links WHERE expires_at < $1", now)
            .execute(&self.pool)
            .await
            .doing("sweeping reset links")?;
        self.idempotency()
            .sweep(now)
            .await
            .doing("sweeping idempotency keys")?;
        sqlx::query!("DELETE FROM attempt_budgets WHERE spent_until < $1", now)
            .execute(&self.pool)
            .await
            .doing("sweeping budgets")?;
        sqlx::query!("DELETE FROM sign_ins_of_nobody WHERE at < $1", now - KEPT)
            .execute(&self.pool)
            .await
            .doing("sweeping sign-ins of nobody")?;
        // What became of them is in the audit.
        sqlx::query!(
            "DELETE FROM invitations WHERE expires_at < $1 AND (redeemed_at IS NULL OR settled_at IS NOT NULL)",
            now - KEPT
        )
        .execute(&self.pool)
        .await
        .doing("sweeping invitations")?;
        let day = now - TimeDelta::days(1);
        let failures = sqlx::query!("DELETE FROM login_failures WHERE last_at < $1", day)
            .execute(&self.pool)
            .await
            .doing("sweeping failures")?;
        Ok(sessions.rows_affected() + tokens.rows_affected() + failures.rows_affected())
    }
}

/// Ends a session of `user` with its event; false when it was over already.
pub(crate) async fn revoke(
    tx: &mut PgConnection,
    sid: SessionId,
    user: UserId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<bool, Unavailable> {
    let ended = sqlx::query!(
        "UPDATE sessions SET revoked_at = $3, revoked_reason = $4
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        sid.0,
        user.0,
        now,
        reason
    )
    .execute(&mut *tx)
    .await
    .doing("ending a session")?
    .rows_affected()
        > 0;
    if ended {
        let payload = json!({"sid": sid, "reason": reason});
        record::act(tx, now, "session.ended", user, payload).await?;
    }
    Ok(ended)
}
