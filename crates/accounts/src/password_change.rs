//! A new password by the present one.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    alive::{self, Alive},
    error::{Doing, PasswordChangeError, ReauthenticationError, Unavailable},
    login::Origin,
    personal_tokens, policy, reauthentication, record, rights,
    sessions::SessionId,
};

/// What somebody changes their password with.
#[derive(Clone, Copy)]
pub struct PasswordChange<'a> {
    /// The present password.
    pub present: &'a str,
    /// A code, where the account has a second step.
    pub code: Option<&'a str>,
    /// The new password.
    pub new: &'a str,
    /// Whether their personal tokens end with the other sessions.
    pub end_tokens: bool,
}

impl Accounts {
    /// Changes a person's password and ends all their sessions but the one they do it from.
    ///
    /// # Errors
    /// See [`PasswordChangeError`]. Wrong present passwords and codes count like failed sign-ins: a stolen access
    /// token is no way to guess.
    pub async fn change_password(
        &self,
        user: UserId,
        session: SessionId,
        change: PasswordChange<'_>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<(), PasswordChangeError> {
        let own = self.own(user).await?;
        let names = [own.email.as_str(), own.username.as_str()];
        if let Some(refused) = policy::password("newPassword", change.new, &names) {
            return Err(PasswordChangeError::Invalid(vec![refused]));
        }
        let attempt = self
            .prove_password(&own, change.present, origin, now)
            .await?;
        let hash = self.hasher.hash(change.new).await?;

        let mut tx = self
            .pool
            .begin()
            .await
            .doing("beginning a password change")?;
        let alive = alive::through(&mut tx, user, session)
            .await
            .map_err(ReauthenticationError::from)?;
        self.prove_second_step(&mut tx, &own, change.code, now)
            .await?;
        // Of two changes at once only one began with the present password. Whoever was disabled, or whose session was
        // ended, is refused above.
        let version = sqlx::query_scalar!(
            "UPDATE users SET password_hash = $3, session_version = session_version + 1, updated_at = $4
             WHERE id = $1 AND password_hash = $2 RETURNING session_version",
            user.0,
            own.password_hash,
            hash,
            now
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("changing a password")?
        .ok_or(ReauthenticationError::WrongPassword)?;
        keep_session(&mut tx, &alive, session, version).await?;
        reauthentication::note_proof(&mut tx, &alive, session, now).await?;
        if change.end_tokens {
            personal_tokens::end_all(&mut tx, user, now).await?;
            rights::end_issued(&mut tx, user, now).await?;
        }
        attempt.forget(&mut tx, now).await?;
        let details = json!({"tokensEnded": change.end_tokens});
        record::act(&mut tx, now, "user.password_changed", user, details).await?;
        tx.commit().await.doing("committing a password change")?;
        self.cache.forget(user);
        Ok(())
    }
}

/// Takes the session of a change along to the version that the change begins.
async fn keep_session(
    tx: &mut PgConnection,
    alive: &Alive,
    session: SessionId,
    version: i32,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE sessions SET session_version = $3
             WHERE id = $1 AND user_id = $2 AND session_version = $3 - 1 AND revoked_at IS NULL",
        session.0,
        alive.user().0,
        version
    )
    .execute(tx)
    .await
    .doing("keeping the session")?;
    Ok(())
}
