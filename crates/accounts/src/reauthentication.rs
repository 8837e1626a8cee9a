//! Proving again who one is, for what a stolen access token must not do: by the password, and by a code where there
//! is a second step.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    alive::{self, Alive},
    error::{Doing, ReauthenticationError, Unavailable},
    login::Origin,
    login_throttle::{Account, Admission, Attempt},
    password::Fit,
    record,
    second_factor::Accepted,
    sessions::SessionId,
};

/// For how long a proof opens what a session alone does not.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// A person with what proves them.
pub(crate) struct Own {
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) password_hash: String,
}

impl Own {
    /// Under which their failures are counted.
    pub(crate) fn account(&self) -> Account {
        Account::of(Some(self.user), &self.username)
    }
}

impl Accounts {
    pub(crate) async fn own(&self, user: UserId) -> Result<Own, Unavailable> {
        let row = sqlx::query!(
            "SELECT email, username, password_hash FROM users WHERE id = $1",
            user.0
        )
        .fetch_one(&self.pool)
        .await
        .doing("reading a user")?;
        Ok(Own {
            user,
            email: row.email,
            username: row.username,
            password_hash: row.password_hash,
        })
    }

    /// Compares the present password. The try stays counted until the caller gives it back.
    pub(crate) async fn prove_password(
        &self,
        own: &Own,
        present: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Attempt, ReauthenticationError> {
        let attempt = self.may_try(own, origin, now).await?;
        let fit = self.hasher.verify(present, Some(&own.password_hash));
        match fit.await {
            Ok(Fit::No) => Err(ReauthenticationError::WrongPassword),
            Ok(Fit::Yes | Fit::AsTyped) => Ok(attempt),
            Err(error) => Err(self.not_looked_at(attempt, error, now).await.into()),
        }
    }

    /// Counts a try to prove something, before it is looked at.
    pub(crate) async fn may_try(
        &self,
        own: &Own,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Attempt, ReauthenticationError> {
        match self
            .attempt(own.account(), Some(own.user), origin, now)
            .await?
        {
            Admission::Allowed(attempt) => Ok(attempt),
            Admission::Wait(retry_after) => Err(ReauthenticationError::Throttled { retry_after }),
        }
    }

    /// Uses a code up where the account has a second step; without one, `code` is not looked at.
    pub(crate) async fn prove_second_step(
        &self,
        tx: &mut PgConnection,
        own: &Own,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), ReauthenticationError> {
        match self.accept(tx, own, code, now).await? {
            Accepted::Off | Accepted::Yes => Ok(()),
            Accepted::Missing => Err(ReauthenticationError::CodeRequired),
            Accepted::No => Err(ReauthenticationError::WrongCode),
        }
    }

    /// Proves the holder of a session anew, by password and, where there is a second step, a code; returns until when
    /// that opens what a session alone does not.
    ///
    /// # Errors
    /// See [`ReauthenticationError`]. Wrong ones count like failed sign-ins.
    pub async fn reauthenticate(
        &self,
        user: UserId,
        session: SessionId,
        password: &str,
        code: Option<&str>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, ReauthenticationError> {
        let own = self.own(user).await?;
        let attempt = self.prove_password(&own, password, origin, now).await?;
        let mut tx = self.pool.begin().await.doing("beginning a proof")?;
        let alive = alive::through(&mut tx, user, session).await?;
        self.prove_second_step(&mut tx, &own, code, now).await?;
        attempt.forget(&mut tx, now).await?;
        note_proof(&mut tx, &alive, session, now).await?;
        record::act(
            &mut tx,
            now,
            "session.proven",
            user,
            json!({"sid": session}),
        )
        .await?;
        tx.commit().await.doing("committing a proof")?;
        Ok(now + FRESH)
    }

    /// Whether the holder of a live session proved themselves at most ten minutes ago. Read each time: what
    /// another replica noted a moment ago counts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_freshly_proven(
        &self,
        user: UserId,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let fresh = sqlx::query_scalar!(
            r#"SELECT s.proven_at > $3 AS "fresh!" FROM sessions s JOIN users u ON u.id = s.user_id
               WHERE s.id = $1 AND s.user_id = $2 AND s.proven_at IS NOT NULL AND s.revoked_at IS NULL
                 AND s.session_version = u.session_version AND u.status = 'active'"#,
            session.0,
            user.0,
            now - FRESH
        )
        .fetch_optional(&self.pool)
        .await
        .doing("reading when a session was proven")?;
        Ok(fresh.unwrap_or(false))
    }
}

/// Notes that the holder of a session has just proven themselves.
pub(crate) async fn note_proof(
    tx: &mut PgConnection,
    alive: &Alive,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE sessions SET proven_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        session.0,
        alive.user().0,
        now
    )
    .execute(tx)
    .await
    .doing("noting a proof")?;
    Ok(())
}

/// A second step was turned on in one session: what the others proved before was less.
pub(crate) async fn outdate_other_proofs(
    tx: &mut PgConnection,
    user: UserId,
    session: SessionId,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE sessions SET proven_at = NULL WHERE user_id = $1 AND id <> $2 AND proven_at IS NOT NULL",
        user.0,
        session.0
    )
    .execute(tx)
    .await
    .doing("outdating proofs")?;
    Ok(())
}
