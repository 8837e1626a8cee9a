//! Who is calling: the question of every request.

use datacrowd_protocol::ids::UserId;

use crate::{
    accounts::Accounts,
    cache::Rights,
    error::{AccessError, Doing},
    jwt,
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// Who is calling, with the rights they had at most 30 seconds ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// What they may do, whatever the token says.
    pub role: Role,
    /// The session they call through.
    pub sid: SessionId,
}

impl Accounts {
    /// The caller of an access token.
    ///
    /// # Errors
    /// See [`AccessError`].
    pub async fn verify_access(&self, token: &str) -> Result<Caller, AccessError> {
        let now = self.clock.now();
        let claims = jwt::verify(&self.settings, now, token)?;
        let rights = match self.cache.get(claims.sid, now) {
            Some(rights) => rights,
            None => {
                let read = self.read_rights(claims.sid).await?;
                self.cache.put(claims.sid, now, read.clone());
                read
            }
        };
        if rights.user_id != claims.user_id {
            return Err(AccessError::Invalid);
        }
        if rights.status == UserStatus::Disabled {
            return Err(AccessError::Disabled);
        }
        if !rights.alive {
            return Err(AccessError::Revoked);
        }
        Ok(Caller {
            user_id: rights.user_id,
            username: rights.username,
            role: rights.role,
            sid: claims.sid,
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
        })
    }
}
