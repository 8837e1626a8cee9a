//! Proving again who one is, with the password, for what a stolen access token must not do.

use chrono::TimeDelta;
use datacrowd_protocol::ids::UserId;

use crate::{
    accounts::Accounts,
    backoff::{Account, Attempt},
    error::{Doing, PasswordChangeError, SecondFactorError, Unavailable},
    login::Origin,
};

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

/// Why somebody is not believed.
pub(crate) enum Unproven {
    WrongPassword,
    Backoff { retry_after: TimeDelta },
    Unavailable(Unavailable),
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

    /// Compares the present password. Wrong ones count like failed sign-ins; whoever is done clears them.
    pub(crate) async fn prove(
        &self,
        own: &Own,
        present: &str,
        origin: &Origin,
    ) -> Result<(), Unproven> {
        self.may_try(own, origin).await?;
        let is_right = self
            .hasher
            .verify(present, Some(&own.password_hash))
            .await
            .map_err(Unproven::Unavailable)?;
        if is_right {
            Ok(())
        } else {
            Err(Unproven::WrongPassword)
        }
    }

    /// Counts an attempt to prove something, before it is looked at.
    pub(crate) async fn may_try(&self, own: &Own, origin: &Origin) -> Result<(), Unproven> {
        let ip = origin.ip.as_deref();
        match self.attempt(own.account(), Some(own.user), ip).await {
            Ok(Attempt::Allowed) => Ok(()),
            Ok(Attempt::Wait(retry_after)) => Err(Unproven::Backoff { retry_after }),
            Err(error) => Err(Unproven::Unavailable(error)),
        }
    }
}

impl From<Unproven> for PasswordChangeError {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::WrongPassword => Self::WrongPassword,
            Unproven::Backoff { retry_after } => Self::Backoff { retry_after },
            Unproven::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<Unproven> for SecondFactorError {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::WrongPassword => Self::WrongPassword,
            Unproven::Backoff { retry_after } => Self::Backoff { retry_after },
            Unproven::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
