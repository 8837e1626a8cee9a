//! The second step of signing in: codes of a device (RFC 6238), and recovery codes for who lost it.
//! Each code works once.

use std::fmt;

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use totp_rs::{Builder, Totp};

use crate::{
    accounts::Accounts,
    alive,
    error::{Doing, ReauthenticationError, SecondFactorError, Unavailable},
    login::Origin,
    reauthentication, record,
    sessions::SessionId,
};

mod codes;
mod secrets;

pub(crate) use codes::Accepted;
pub use secrets::Sealing;
pub(crate) use secrets::remove;

/// What authenticator apps show beside the name.
const ISSUER: &str = "DataCrowd Lab";
/// RFC 4226 recommends 160 bits.
const SECRET_BYTES: usize = 20;

/// What a device is given; shown once.
pub struct Enrolment {
    /// Base32, for typing.
    pub secret: String,
    /// `otpauth://`, for a QR code.
    pub url: String,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment")
    }
}

/// Whether signing in asks for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor {
    /// Since when; none while it is off.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Recovery codes left.
    pub recovery_codes: i64,
}

fn totp(secret: &[u8], username: &str) -> Result<Totp, Unavailable> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(ISSUER))
        .with_account_name(username)
        .build()
        .map_err(|error| Unavailable::SecondFactor(error.to_string()))
}

impl Accounts {
    /// Whether a person's second step is on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn second_factor(&self, user: UserId) -> Result<SecondFactor, Unavailable> {
        let row = sqlx::query!(
            r#"SELECT confirmed_at, (SELECT count(*) FROM recovery_codes c WHERE c.user_id = t.user_id AND used_at IS NULL) AS "left!"
               FROM totp_secrets t WHERE user_id = $1"#,
            user.0
        )
        .fetch_optional(&self.pool)
        .await
        .doing("reading the second step")?;
        Ok(SecondFactor {
            confirmed_at: row.as_ref().and_then(|r| r.confirmed_at),
            recovery_codes: row.map_or(0, |r| r.left),
        })
    }

    /// Begins the second step, by the password: a new secret, which nothing asks for until a code of it was shown.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn enrol_totp(
        &self,
        user: UserId,
        session: SessionId,
        password: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Enrolment, SecondFactorError> {
        let own = self.own(user).await?;
        let attempt = self.prove_password(&own, password, origin, now).await?;
        let secret: [u8; SECRET_BYTES] = rand::random();
        let device = totp(&secret, &own.username)?;
        let mut tx = self.pool.begin().await.doing("beginning an enrolment")?;
        let alive = alive::through(&mut tx, user, session)
            .await
            .map_err(ReauthenticationError::from)?;
        if !self.store_secret(&mut tx, &alive, &secret, now).await? {
            return Err(SecondFactorError::AlreadyOn);
        }
        // Not forgotten: whoever knows the password and guesses codes would begin anew each time.
        attempt.give_back(&mut tx, now).await?;
        // There is no second step yet, so the password is the whole proof.
        reauthentication::note_proof(&mut tx, &alive, session, now).await?;
        tx.commit().await.doing("committing an enrolment")?;
        Ok(Enrolment {
            secret: device.secret().to_base32(),
            url: device
                .to_url()
                .map_err(|error| Unavailable::SecondFactor(error.to_string()))?,
        })
    }

    /// Turns the second step on, by a code of the enrolled device; returns the recovery codes. Other sessions have to
    /// prove themselves again, with a code.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn confirm_totp(
        &self,
        user: UserId,
        session: SessionId,
        code: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, SecondFactorError> {
        let own = self.own(user).await?;
        let attempt = self.may_try(&own, origin, now).await?;
        let mut tx = self.pool.begin().await.doing("beginning a confirmation")?;
        let alive = alive::through(&mut tx, user, session)
            .await
            .map_err(ReauthenticationError::from)?;
        let row = secrets::lock(&mut tx, user)
            .await?
            .ok_or(SecondFactorError::NotOn)?;
        if row.confirmed_at.is_some() {
            return Err(SecondFactorError::AlreadyOn);
        }
        let step = totp(&self.open_secret(user, &row)?, &own.username)?
            .check(code, seconds(now))
            .ok_or(ReauthenticationError::WrongCode)?;
        sqlx::query!(
            "UPDATE totp_secrets SET confirmed_at = $2, last_step = $3 WHERE user_id = $1",
            user.0,
            now,
            step.cast_signed()
        )
        .execute(&mut *tx)
        .await
        .doing("confirming a device")?;
        let codes = codes::replace(&mut tx, &alive).await?;
        // A code of a device that was enrolled a moment ago proves nothing about the account.
        attempt.give_back(&mut tx, now).await?;
        reauthentication::outdate_other_proofs(&mut tx, user, session).await?;
        record::act(&mut tx, now, "totp.enabled", user, json!({})).await?;
        tx.commit().await.doing("committing a confirmation")?;
        Ok(codes)
    }

    /// New recovery codes, by password and code; the earlier ones are over.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn renew_recovery_codes(
        &self,
        user: UserId,
        session: SessionId,
        password: &str,
        code: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, SecondFactorError> {
        let own = self.own(user).await?;
        let attempt = self.prove_password(&own, password, origin, now).await?;
        let mut tx = self.pool.begin().await.doing("beginning new codes")?;
        let alive = alive::through(&mut tx, user, session)
            .await
            .map_err(ReauthenticationError::from)?;
        match self.accept(&mut tx, &own, Some(code), now).await? {
            Accepted::Off => return Err(SecondFactorError::NotOn),
            Accepted::No | Accepted::Missing => return Err(ReauthenticationError::WrongCode.into()),
            Accepted::Yes => {}
        }
        let codes = codes::replace(&mut tx, &alive).await?;
        attempt.forget(&mut tx, now).await?;
        record::act(&mut tx, now, "totp.codes_renewed", user, json!({})).await?;
        tx.commit().await.doing("committing new codes")?;
        Ok(codes)
    }

    /// Turns the second step off, by password and code.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn disable_totp(
        &self,
        user: UserId,
        session: SessionId,
        password: &str,
        code: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<(), SecondFactorError> {
        let own = self.own(user).await?;
        let attempt = self.prove_password(&own, password, origin, now).await?;
        let mut tx = self.pool.begin().await.doing("beginning to end a step")?;
        // Who ended the session keeps the second step: the password that was compared may be over.
        alive::through(&mut tx, user, session)
            .await
            .map_err(ReauthenticationError::from)?;
        match self.accept(&mut tx, &own, Some(code), now).await? {
            Accepted::Off => return Err(SecondFactorError::NotOn),
            Accepted::No | Accepted::Missing => return Err(ReauthenticationError::WrongCode.into()),
            Accepted::Yes => {}
        }
        remove(&mut tx, user).await?;
        attempt.forget(&mut tx, now).await?;
        record::act(&mut tx, now, "totp.disabled", user, json!({})).await?;
        tx.commit().await.doing("committing the end of a step")?;
        Ok(())
    }
}

/// Seconds since 1970; the steps are counted in them.
fn seconds(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or(0)
}
