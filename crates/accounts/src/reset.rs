//! A new password without the old one: an administrator issues a link, the person redeems it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{
    accounts::Accounts,
    alive,
    error::{Doing, ResetError, RightsError, Unavailable},
    login::Origin,
    login_throttle::{self, Account, Admission},
    personal_tokens, policy, record,
    rights::{self, Admin},
    second_factor,
};

/// How long a link is good for.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A link's secret; shown once, to the administrator who passes it on.
pub struct ResetLink {
    /// What redeems it.
    pub token: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for ResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResetLink(until {})", self.expires_at)
    }
}

impl Accounts {
    /// Issues a link for somebody; an earlier one of theirs is over. With `remove_totp` redeeming it also
    /// removes the second step.
    ///
    /// # Errors
    /// See [`RightsError`].
    pub async fn issue_reset_link(
        &self,
        by: Admin,
        user: UserId,
        remove_totp: bool,
        now: DateTime<Utc>,
    ) -> Result<ResetLink, RightsError> {
        let token = format!("dcx_{}", hex::encode(rand::random::<[u8; 32]>()));
        let digest: [u8; 32] = Sha256::digest(&token).into();
        let expires_at = now + LIFETIME;
        let mut tx = self.pool.begin().await.doing("beginning a reset link")?;
        if !alive::administers(&mut tx, by).await? {
            return Err(RightsError::NoAdmin);
        }
        let issued = sqlx::query!(
            "INSERT INTO reset_links (user_id, token_hash, issued_by, remove_totp, created_at, expires_at)
             SELECT id, $2, $3, $4, $5, $6 FROM users WHERE id = $1
             ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, issued_by = excluded.issued_by,
                remove_totp = excluded.remove_totp, created_at = excluded.created_at, expires_at = excluded.expires_at",
            user.0,
            &digest,
            by.0.0,
            remove_totp,
            now,
            expires_at
        )
        .execute(&mut *tx)
        .await
        .doing("issuing a reset link")?;
        if issued.rows_affected() == 0 {
            return Err(RightsError::NotFound);
        }
        let details = json!({"removeTotp": remove_totp, "expiresAt": expires_at});
        record::event(&mut tx, now, "reset.issued", user, details.clone()).await?;
        record::decision(&mut tx, now, Some(by.0), "reset.issued", user, details).await?;
        tx.commit().await.doing("committing a reset link")?;
        Ok(ResetLink { token, expires_at })
    }

    /// Sets a new password by a link; every session and personal token of the person is over.
    ///
    /// # Errors
    /// See [`ResetError`]. A refused password leaves the link good. A link is over when who issued it is no
    /// administrator any more.
    pub async fn redeem_reset_link(
        &self,
        token: &str,
        new: &str,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<(), ResetError> {
        let attempt = match self.attempt_unnamed(origin, now).await? {
            Admission::Allowed(attempt) => attempt,
            Admission::Wait(retry_after) => return Err(ResetError::Throttled { retry_after }),
        };
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known = sqlx::query!(
            "SELECT u.id, u.email, u.username FROM reset_links l JOIN users u ON u.id = l.user_id
             JOIN users i ON i.id = l.issued_by
             WHERE l.token_hash = $1 AND l.expires_at > $2 AND i.role = 'admin' AND i.status = 'active'",
            &digest,
            now
        )
        .fetch_optional(&self.pool)
        .await
        .doing("looking for a reset link")?
        .ok_or(ResetError::InvalidLink)?;
        let names = [known.email.as_str(), known.username.as_str()];
        if let Some(refused) = policy::password("newPassword", new, &names) {
            return Err(ResetError::Invalid(vec![refused]));
        }
        let hash = self.hasher.hash(new).await?;
        let user = UserId(known.id);
        let mut tx = self.pool.begin().await.doing("beginning a reset")?;
        alive::lock(&mut tx, user).await?;
        let removes_totp = use_up(&mut tx, &digest, now).await?;
        sqlx::query!(
            "UPDATE users SET password_hash = $2, session_version = session_version + 1, updated_at = $3 WHERE id = $1",
            user.0,
            hash,
            now
        )
        .execute(&mut *tx)
        .await
        .doing("resetting a password")?;
        personal_tokens::end_all(&mut tx, user, now).await?;
        rights::end_issued(&mut tx, user, now).await?;
        if removes_totp {
            second_factor::remove(&mut tx, user).await?;
        }
        login_throttle::forget_account(&mut tx, Account::of(Some(user), &known.username)).await?;
        attempt.give_back(&mut tx, now).await?;
        record::act(&mut tx, now, "reset.redeemed", user, json!({})).await?;
        tx.commit().await.doing("committing a reset")?;
        self.cache.forget(user);
        Ok(())
    }
}

/// Uses a link up; whether it removes the second step. Deleting it decides between two redemptions at the same time.
async fn use_up(
    tx: &mut PgConnection,
    digest: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, ResetError> {
    let link = sqlx::query!(
        "DELETE FROM reset_links l USING users i
             WHERE l.token_hash = $1 AND l.expires_at > $2
               AND i.id = l.issued_by AND i.role = 'admin' AND i.status = 'active' RETURNING l.remove_totp",
        digest,
        now
    )
    .fetch_optional(tx)
    .await
    .doing("redeeming a reset link")?
    .ok_or(ResetError::InvalidLink)?;
    Ok(link.remove_totp)
}

/// Ends every link that somebody issued.
pub(crate) async fn end_issued(tx: &mut PgConnection, by: UserId) -> Result<(), Unavailable> {
    sqlx::query!("DELETE FROM reset_links WHERE issued_by = $1", by.0)
        .execute(tx)
        .await
        .doing("ending reset links")?;
    Ok(())
}
