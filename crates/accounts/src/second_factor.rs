//! The second step of signing in: codes of a device (RFC 6238), and recovery codes for who lost it.
//! Each code works once.

use std::fmt;

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use totp_rs::{Builder, Totp};

use crate::{
    accounts::Accounts,
    backoff,
    error::{Doing, SecondFactorError, Unavailable},
    login::Origin,
    proof::Own,
    record,
};

/// What authenticator apps show beside the name.
const ISSUER: &str = "DataCrowd Lab";
/// RFC 4226 recommends 160 bits.
const SECRET_BYTES: usize = 20;
/// Recovery codes that are given out at once.
const RECOVERY_CODES: usize = 10;

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

fn recovery_digest(code: &str) -> [u8; 32] {
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(bare.to_ascii_lowercase()).into()
}

/// 80 random bits, in groups that a person can copy.
fn recovery_code() -> String {
    let digits = hex::encode(rand::random::<[u8; 10]>());
    let groups: Vec<&str> = (0..4).map(|i| &digits[i * 5..i * 5 + 5]).collect();
    groups.join("-")
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

    /// Begins the second step: a new secret, which nothing asks for until a code of it was shown.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn enrol_totp(
        &self,
        user: UserId,
        password: &str,
        origin: &Origin,
    ) -> Result<Enrolment, SecondFactorError> {
        let own = self.own(user).await?;
        self.prove(&own, password, origin).await?;
        let secret: [u8; SECRET_BYTES] = rand::random();
        let device = totp(&secret, &own.username)?;
        let mut tx = self.pool.begin().await.doing("beginning an enrolment")?;
        backoff::clear(&mut tx, own.account(), origin.ip.as_deref()).await?;
        let begun = sqlx::query!(
            "INSERT INTO totp_secrets (user_id, secret, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = $3
             WHERE totp_secrets.confirmed_at IS NULL",
            user.0,
            &secret,
            self.clock.now()
        )
        .execute(&mut *tx)
        .await
        .doing("enrolling a device")?;
        tx.commit().await.doing("committing an enrolment")?;
        if begun.rows_affected() == 0 {
            return Err(SecondFactorError::AlreadyOn);
        }
        Ok(Enrolment {
            secret: device.secret().to_base32(),
            url: device
                .to_url()
                .map_err(|error| Unavailable::SecondFactor(error.to_string()))?,
        })
    }

    /// Turns the second step on, by a code of the enrolled device; returns the recovery codes.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn confirm_totp(
        &self,
        user: UserId,
        code: &str,
        origin: &Origin,
    ) -> Result<Vec<String>, SecondFactorError> {
        let own = self.own(user).await?;
        self.may_try(&own, origin).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning a confirmation")?;
        let row = sqlx::query!(
            "SELECT secret, confirmed_at FROM totp_secrets WHERE user_id = $1 FOR UPDATE",
            user.0
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("reading a secret")?
        .ok_or(SecondFactorError::NotOn)?;
        if row.confirmed_at.is_some() {
            return Err(SecondFactorError::AlreadyOn);
        }
        let step = totp(&row.secret, &own.username)?
            .check(code, seconds(now))
            .ok_or(SecondFactorError::WrongCode)?;
        sqlx::query!(
            "UPDATE totp_secrets SET confirmed_at = $2, last_step = $3 WHERE user_id = $1",
            user.0,
            now,
            step.cast_signed()
        )
        .execute(&mut *tx)
        .await
        .doing("confirming a device")?;
        let codes = replace_recovery_codes(&mut tx, user).await?;
        backoff::clear(&mut tx, own.account(), origin.ip.as_deref()).await?;
        record::act(&mut tx, now, "totp.enabled", user, json!({})).await?;
        tx.commit().await.doing("committing a confirmation")?;
        Ok(codes)
    }

    /// New recovery codes; the earlier ones are over.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn renew_recovery_codes(
        &self,
        user: UserId,
        password: &str,
        origin: &Origin,
    ) -> Result<Vec<String>, SecondFactorError> {
        let own = self.own(user).await?;
        self.prove(&own, password, origin).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning new codes")?;
        sqlx::query!(
            "SELECT user_id FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR UPDATE",
            user.0
        )
        .fetch_optional(&mut *tx)
        .await
        .doing("locking a secret")?
        .ok_or(SecondFactorError::NotOn)?;
        let codes = replace_recovery_codes(&mut tx, user).await?;
        backoff::clear(&mut tx, own.account(), origin.ip.as_deref()).await?;
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
        password: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<(), SecondFactorError> {
        let own = self.own(user).await?;
        self.prove(&own, password, origin).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await.doing("beginning to end a step")?;
        match accept(&mut tx, &own, code, now).await? {
            Accepted::Off => return Err(SecondFactorError::NotOn),
            Accepted::No => return Err(SecondFactorError::WrongCode),
            Accepted::Yes => {}
        }
        remove(&mut tx, user).await?;
        backoff::clear(&mut tx, own.account(), origin.ip.as_deref()).await?;
        record::act(&mut tx, now, "totp.disabled", user, json!({})).await?;
        tx.commit().await.doing("committing the end of a step")?;
        Ok(())
    }
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The person has no second step.
    Off,
    Yes,
    No,
}

/// Uses a code up: of the device, or a recovery code. The statements decide, so that of two uses at the
/// same time one succeeds.
pub(crate) async fn accept(
    tx: &mut PgConnection,
    own: &Own,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Accepted, Unavailable> {
    let Some(secret) = is_on(tx, own.user).await? else {
        return Ok(Accepted::Off);
    };
    let used = if let Some(step) = totp(&secret, &own.username)?.check(code, seconds(now)) {
        sqlx::query!(
            "UPDATE totp_secrets SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            own.user.0,
            step.cast_signed()
        )
        .execute(tx)
        .await
    } else {
        sqlx::query!(
            "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
            own.user.0,
            &recovery_digest(code),
            now
        )
        .execute(tx)
        .await
    };
    let used = used.doing("using a code")?.rows_affected() > 0;
    Ok(if used { Accepted::Yes } else { Accepted::No })
}

/// The secret of a person whose second step is on.
pub(crate) async fn is_on(
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Option<Vec<u8>>, Unavailable> {
    sqlx::query_scalar!(
        "SELECT secret FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL",
        user.0
    )
    .fetch_optional(tx)
    .await
    .doing("reading a secret")
}

/// Removes the second step with its recovery codes.
pub(crate) async fn remove(tx: &mut PgConnection, user: UserId) -> Result<(), Unavailable> {
    sqlx::query!("DELETE FROM totp_secrets WHERE user_id = $1", user.0)
        .execute(tx)
        .await
        .doing("removing a secret")?;
    Ok(())
}

async fn replace_recovery_codes(
    tx: &mut PgConnection,
    user: UserId,
) -> Result<Vec<String>, Unavailable> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|c| recovery_digest(c).to_vec()).collect();
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0)
        .execute(&mut *tx)
        .await
        .doing("removing recovery codes")?;
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
        user.0,
        &digests
    )
    .execute(tx)
    .await
    .doing("storing recovery codes")?;
    Ok(codes)
}

/// Seconds since 1970; the steps are counted in them.
fn seconds(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or(0)
}
