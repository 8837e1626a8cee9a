//! Who is calling: the question of every request.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;

use crate::{
    accounts::Accounts,
    cache::{Key, Rights},
    error::{AccessError, Doing},
    jwt,
    personal_tokens::{self, Scope, TokenId},
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// What somebody calls with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// They signed in.
    Session(SessionId),
    /// A script of theirs holds a personal token.
    Token {
        /// Which.
        id: TokenId,
        /// What it may be used for.
        scopes: Vec<Scope>,
    },
}

/// Who is calling, with the rights they had at most 30 seconds ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// What they may do, whatever the token says.
    pub role: Role,
    /// What they call with.
    pub credential: Credential,
}

impl Accounts {
    /// The caller of an access token, or of a personal token.
    ///
    /// # Errors
    /// See [`AccessError`].
    pub async fn verify_access(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Caller, AccessError> {
        let (key, holder) = if personal_tokens::is_one(token) {
            (Key::Token(personal_tokens::digest(token)), None)
        } else {
            let claims = jwt::verify(&self.settings, now, token)?;
            (Key::Session(claims.sid), Some(claims.user_id))
        };
        let rights = match self.cache.get(&key, now) {
            Some(rights) => rights,
            None => {
                let read = match &key {
                    Key::Session(sid) => self.read_rights(*sid).await?,
                    Key::Token(digest) => self.use_token(digest, now).await?,
                };
                self.cache.put(key, now, read.clone());
                read
            }
        };
        if holder.is_some_and(|holder| holder != rights.user_id) {
            return Err(AccessError::Invalid);
        }
        if rights.status == UserStatus::Disabled {
            return Err(AccessError::Disabled);
        }
        if !rights.alive {
            return Err(AccessError::Revoked);
        }
        if rights.expires_at.is_some_and(|at| at <= now) {
            return Err(AccessError::Expired);
        }
        Ok(Caller {
            user_id: rights.user_id,
            username: rights.username,
            role: rights.role,
            credential: rights.credential,
        })
    }

    /// A session that is not there was swept, long after its end.
    async fn read_rights(&self, sid: SessionId) -> Result<Rights, AccessError> {
        let row = sqlx::query!(
            r#"SELECT u.id, u.username, u.role AS "role: Role", u.status AS "status: UserStatus",
                      (s.revoked_at IS NULL AND s.session_version = u.session_version) AS "alive!"
               FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"#,
            sid.0
        )
        .fetch_optional(&self.pool)
        .await
        .doing("reading a session")?
        .ok_or(AccessError::Revoked)?;
        Ok(Rights {
            user_id: UserId(row.id),
            username: row.username,
            role: row.role,
            status: row.status,
            alive: row.alive,
            expires_at: None,
            credential: Credential::Session(sid),
        })
    }
}
