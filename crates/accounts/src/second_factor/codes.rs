//! Codes: what they are worth, and the recovery codes that are given out. Each works once.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{seconds, secrets, totp};
use crate::{
    accounts::Accounts,
    alive::Alive,
    error::{Doing, Unavailable},
    reauthentication::Own,
};

/// Recovery codes that are given out at once.
const RECOVERY_CODES: usize = 10;

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The person has no second step.
    Off,
    /// They have one, and sent no code.
    Missing,
    Yes,
    No,
}

impl Accounts {
    /// Uses a code up: of the device, or a recovery code. The statements decide, so that of two uses at the
    /// same time one succeeds. A recovery code works also where the device's secret cannot be opened.
    pub(crate) async fn accept(
        &self,
        tx: &mut PgConnection,
        own: &Own,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Accepted, Unavailable> {
        let Some(row) = secrets::confirmed(tx, own.user).await? else {
            return Ok(Accepted::Off);
        };
        let Some(code) = code else {
            return Ok(Accepted::Missing);
        };
        if use_recovery_code(tx, own.user, code, now).await? {
            return Ok(Accepted::Yes);
        }
        let secret = self.open_secret(own.user, &row)?;
        let Some(step) = totp(&secret, &own.username)?.check(code, seconds(now)) else {
            return Ok(Accepted::No);
        };
        let used = sqlx::query!(
            "UPDATE totp_secrets SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            own.user.0,
            step.cast_signed()
        )
        .execute(tx)
        .await
        .doing("using a code")?;
        Ok(match used.rows_affected() {
            0 => Accepted::No,
            _ => Accepted::Yes,
        })
    }
}

async fn use_recovery_code(
    tx: &mut PgConnection,
    user: UserId,
    code: &str,
    now: DateTime<Utc>,
) -> Result<bool, Unavailable> {
    let used = sqlx::query!(
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user.0,
        &digest(code),
        now
    )
    .execute(tx)
    .await
    .doing("using a recovery code")?;
    Ok(used.rows_affected() > 0)
}

/// New recovery codes in place of the earlier ones.
pub(super) async fn replace(
    tx: &mut PgConnection,
    alive: &Alive,
) -> Result<Vec<String>, Unavailable> {
    let user = alive.user();
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|c| digest(c).to_vec()).collect();
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

fn digest(code: &str) -> [u8; 32] {
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(bare.to_ascii_lowercase()).into()
}

/// 80 random bits, in groups that a person can copy.
fn recovery_code() -> String {
    let digits = hex::encode(rand::random::<[u8; 10]>());
    let groups: Vec<&str> = (0..4).map(|i| &digits[i * 5..i * 5 + 5]).collect();
    groups.join("-")
}
