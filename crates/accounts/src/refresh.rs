//! Staying signed in: refresh tokens, each exchanged once.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use hmac::Mac;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    error::{Doing, RefreshError, Unavailable},
    jwt::{self, Claims},
    login::Tokens,
    sessions::{self, SessionId},
    settings::SigningKey,
    user::Role,
};

/// For how long a used token still yields its successor: an answer was lost, or two tabs asked at once. A later use is
/// somebody else's.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// A refresh token, and the digest by which it is found again.
pub(crate) struct RefreshToken {
    text: String,
    digest: [u8; 32],
}

impl RefreshToken {
    pub(crate) fn new() -> Self {
        let bits: [u8; 32] = rand::random();
        Self::read(&format!("dcr_{}", hex::encode(bits)))
    }

    fn read(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            digest: Sha256::digest(text).into(),
        }
    }

    /// The token that takes this one's place: always the same one, so that it can be given again though only digests
    /// are stored, and known to nobody without the key.
    fn successor(&self, key: &SigningKey) -> Self {
        let code = key.succession.clone().chain_update(self.text.as_bytes());
        Self::read(&format!(
            "dcr_{}",
            hex::encode(code.finalize().into_bytes())
        ))
    }
}

impl Accounts {
    /// Exchanges a refresh token for the next pair. Within 30 seconds the same token yields the same successor.
    ///
    /// # Errors
    /// See [`RefreshError`]. A later second use ends the session, for the thief and the owner.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        now: DateTime<Utc>,
    ) -> Result<Tokens, RefreshError> {
        let used = RefreshToken::read(refresh_token);
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
            r#"SELECT u.id, u.username, u.role AS "role: Role", t.rotated_at, t.replaced_by,
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
        let is_over = |rotated_at| rotated_at + GRACE < now;
        if state.rotated_at.is_some_and(is_over) {
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
        let next = match &state.replaced_by {
            Some(digest) => self.given(&used, digest).ok_or(RefreshError::Invalid)?,
            None => {
                let next = used.successor(&self.settings.current);
                self.rotate(&mut tx, sid, &used, &next, now).await?;
                next
            }
        };
        tx.commit().await.doing("committing a refresh")?;
        Ok(self.tokens(next, now, user_id, &state.username, state.role, sid)?)
    }

    /// The successor that a used token was given, under whichever key that was.
    fn given(&self, used: &RefreshToken, digest: &[u8]) -> Option<RefreshToken> {
        let keys = std::iter::once(&self.settings.current).chain(&self.settings.previous);
        keys.map(|key| used.successor(key))
            .find(|next| next.digest == digest)
    }

    /// Puts the next token in the place of a used one, and prolongs their session.
    async fn rotate(
        &self,
        tx: &mut PgConnection,
        sid: SessionId,
        used: &RefreshToken,
        next: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        sqlx::query!(
            "UPDATE refresh_tokens SET rotated_at = $2, replaced_by = $3 WHERE token_hash = $1",
            &used.digest,
            now,
            &next.digest
        )
        .execute(&mut *tx)
        .await
        .doing("rotating a refresh token")?;
        self.issue(tx, sid, next, now).await?;
        sqlx::query!(
            "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1",
            sid.0,
            now,
            now + self.settings.refresh
        )
        .execute(tx)
        .await
        .doing("prolonging a session")?;
        Ok(())
    }

    /// Makes a refresh token the live one of a session.
    pub(crate) async fn issue(
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

    /// What a client gets.
    pub(crate) fn tokens(
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
            refresh_expires_in: self.settings.refresh,
            user_id,
            sid,
        })
    }
}
