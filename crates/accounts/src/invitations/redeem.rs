//! Coming with an invitation, once.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId};
use serde_json::json;
use sqlx::PgConnection;

use super::{InvitationId, digest};
use crate::{
    accounts::Accounts,
    error::{Doing, RegisterError, Unavailable},
    record,
    user::{Role, User},
};

/// Somebody who came with a client's invitation and is a worker until their tenant, which lives elsewhere, has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The invitation.
    pub id: InvitationId,
    /// Who came.
    pub user: UserId,
    /// Their name.
    pub username: String,
    /// The tenant to join; none to found one.
    pub tenant: Option<String>,
    /// Who decided it.
    pub issued_by: UserId,
}

/// An invitation that this transaction has for itself.
pub(crate) struct Taken {
    id: InvitationId,
    role: Role,
    tenant: Option<String>,
    issued_by: UserId,
}

impl Accounts {
    /// Those who wait for their tenant: the process that registered them may have died.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unsettled_invitations(&self, limit: i64) -> Result<Vec<Unsettled>, Unavailable> {
        let rows = sqlx::query!(
            r#"SELECT i.id, u.id AS user_id, u.username, i.tenant, i.issued_by
               FROM invitations i JOIN users u ON u.id = i.redeemed_by
               WHERE i.redeemed_at IS NOT NULL AND i.settled_at IS NULL ORDER BY i.id LIMIT $1"#,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("looking for unsettled invitations")?;
        let unsettled = rows.into_iter().map(|row| Unsettled {
            id: InvitationId(row.id),
            user: UserId(row.user_id),
            username: row.username,
            tenant: row.tenant,
            issued_by: UserId(row.issued_by),
        });
        Ok(unsettled.collect())
    }

    /// Notes that somebody has all that their invitation promised.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn settle_invitation(
        &self,
        id: InvitationId,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        sqlx::query!(
            "UPDATE invitations SET settled_at = $2 WHERE id = $1 AND redeemed_at IS NOT NULL AND settled_at IS NULL",
            id.0,
            now
        )
        .execute(&self.pool)
        .await
        .doing("settling an invitation")?;
        Ok(())
    }

    /// Whether the invitation of a token could be taken now.
    pub(crate) async fn look_for_invitation(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RegisterError> {
        sqlx::query_scalar!(
            "SELECT i.id FROM invitations i JOIN users a ON a.id = i.issued_by
             WHERE i.token_hash = $1 AND i.expires_at > $2 AND i.revoked_at IS NULL AND i.redeemed_at IS NULL
               AND a.role = 'admin' AND a.status = 'active'",
            &digest(token),
            now
        )
        .fetch_optional(&self.pool)
        .await
        .doing("looking for an invitation")?
        .ok_or(RegisterError::InvalidInvitation)?;
        Ok(())
    }
}

/// Locks the invitation of a token, as long as anybody may come with it and who invites may still do so: of several at
/// once the others wait, and find it redeemed.
pub(crate) async fn take(
    tx: &mut PgConnection,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Taken, RegisterError> {
    let row = sqlx::query!(
        r#"SELECT i.id, i.role AS "role: Role", i.tenant, i.issued_by
           FROM invitations i JOIN users a ON a.id = i.issued_by
           WHERE i.token_hash = $1 AND i.expires_at > $2 AND i.revoked_at IS NULL AND i.redeemed_at IS NULL
             AND a.role = 'admin' AND a.status = 'active' FOR UPDATE OF i"#,
        &digest(token),
        now
    )
    .fetch_optional(tx)
    .await
    .doing("taking an invitation")?
    .ok_or(RegisterError::InvalidInvitation)?;
    Ok(Taken {
        id: InvitationId(row.id),
        role: row.role,
        tenant: row.tenant,
        issued_by: UserId(row.issued_by),
    })
}

impl Taken {
    /// The role somebody begins with: a client is none before their tenant has them.
    pub(crate) fn first_role(&self) -> Role {
        match self.role {
            Role::Client => Role::Worker,
            role => role,
        }
    }

    /// Notes who came; says what is left to do for them.
    pub(crate) async fn redeem(
        self,
        tx: &mut PgConnection,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<Option<Unsettled>, Unavailable> {
        let is_settled = self.role != Role::Client;
        sqlx::query!(
            "UPDATE invitations SET redeemed_at = $2, redeemed_by = $3, settled_at = $4 WHERE id = $1",
            self.id.0,
            now,
            user.id.0,
            is_settled.then_some(now)
        )
        .execute(&mut *tx)
        .await
        .doing("redeeming an invitation")?;
        let details =
            json!({"invitation": self.id.0, "role": self.role.upper(), "tenant": self.tenant});
        record::event(tx, now, "invitation.redeemed", user.id, details.clone()).await?;
        let by = Some(self.issued_by);
        record::decision(tx, now, by, "invitation.redeemed", user.id, details).await?;
        Ok((!is_settled).then(|| Unsettled {
            id: self.id,
            user: user.id,
            username: user.username.clone(),
            tenant: self.tenant,
            issued_by: self.issued_by,
        }))
    }
}
