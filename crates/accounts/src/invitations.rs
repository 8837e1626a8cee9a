//! Invitations: an administrator decides role and tenant of who will register by a link. Each registers one person.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{TenantId, UserId},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    alive,
    directory::Page,
    error::{Doing, FieldError, InvitationError, Unavailable},
    record,
    rights::Admin,
    user::Role,
};

mod redeem;

pub use redeem::Unsettled;
pub(crate) use redeem::take;

/// How long a link is good for.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// Longest name of a tenant: it is a label's value.
const MAX_TENANT: usize = 63;

/// Which invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationId(pub Uuid);

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an administrator decides.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// The role of who comes with it.
    pub role: Role,
    /// The tenant that a client joins; one of their own is founded without.
    pub tenant: Option<String>,
    /// Its id, by which the tenant is told; none where it has none yet.
    pub tenant_id: Option<TenantId>,
}

/// An invitation, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// The role of who comes with it.
    pub role: Role,
    /// The tenant that a client joins.
    pub tenant: Option<String>,
    /// Who invites.
    pub issued_by: UserId,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Who came with it.
    pub redeemed_by: Option<UserId>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A new invitation, with the token that is shown once.
pub struct IssuedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// What registers.
    pub token: String,
}

impl fmt::Debug for IssuedInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedInvitation({})", self.invitation.id)
    }
}

struct Row {
    id: Uuid,
    role: Role,
    tenant: Option<String>,
    issued_by: Uuid,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    redeemed_by: Option<Uuid>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        let Row {
            id,
            role,
            tenant,
            issued_by,
            created_at,
            expires_at,
            redeemed_by,
            revoked_at,
        } = row;
        Self {
            id: InvitationId(id),
            role,
            tenant,
            issued_by: UserId(issued_by),
            created_at,
            expires_at,
            redeemed_by: redeemed_by.map(UserId),
            revoked_at,
        }
    }
}

impl NewInvitation {
    fn check(&self) -> Result<(), InvitationError> {
        let wrong = match &self.tenant {
            Some(_) if self.role != Role::Client => "belongs to the role CLIENT only; remove it",
            Some(name) if !(1..=MAX_TENANT).contains(&name.chars().count()) => {
                "must have 1 to 63 characters"
            }
            _ => return Ok(()),
        };
        Err(InvitationError::Invalid(vec![FieldError {
            field: "tenant",
            message: wrong.into(),
        }]))
    }
}

impl Accounts {
    /// Issues an invitation that is good for seven days.
    ///
    /// # Errors
    /// See [`InvitationError`].
    pub async fn invite(
        &self,
        by: Admin,
        new: NewInvitation,
        now: DateTime<Utc>,
    ) -> Result<IssuedInvitation, InvitationError> {
        new.check()?;
        let token = format!("dci_{}", hex::encode(rand::random::<[u8; 32]>()));
        let invitation = Invitation {
            id: InvitationId(Uuid::now_v7()),
            role: new.role,
            tenant: new.tenant,
            issued_by: by.0,
            created_at: now,
            expires_at: now + LIFETIME,
            redeemed_by: None,
            revoked_at: None,
        };
        let begun = datacrowd_outbox::begin(&self.pool).await;
        let mut tx = begun.doing("beginning an invitation")?;
        if !alive::administers(&mut tx, by).await? {
            return Err(InvitationError::NoAdmin);
        }
        sqlx::query!(
            "INSERT INTO invitations (id, token_hash, role, tenant, issued_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            invitation.id.0,
            &digest(&token),
            invitation.role.column(),
            invitation.tenant,
            by.0.0,
            now,
            invitation.expires_at
        )
        .execute(&mut *tx)
        .await
        .doing("issuing an invitation")?;
        let details = json!({"invitation": invitation.id.0, "role": invitation.role.upper(),
            "tenant": invitation.tenant, "expiresAt": invitation.expires_at});
        let mut payload = details.clone();
        payload["tenantId"] = json!(new.tenant_id);
        record::event(&mut tx, now, "invitation.issued", by.0, payload).await?;
        record::decision(&mut tx, now, Some(by.0), "invitation.issued", by.0, details).await?;
        tx.commit().await.doing("committing an invitation")?;
        Ok(IssuedInvitation { invitation, token })
    }

    /// Invitations of the last weeks, the newest first; `before` is the previous page's cursor.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_invitations(
        &self,
        before: Option<InvitationId>,
        limit: u32,
    ) -> Result<Page<Invitation, InvitationId>, Unavailable> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, role AS "role: Role", tenant, issued_by, created_at, expires_at, redeemed_by, revoked_at
               FROM invitations WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"#,
            before.map(|id| id.0),
            i64::from(limit) + 1
        )
        .fetch_all(&self.pool)
        .await
        .doing("listing invitations")?;
        let items = rows.into_iter().map(Invitation::from).collect();
        Ok(Page::of(items, limit, |item: &Invitation| item.id))
    }

    /// Takes an invitation back; false when there is none that anybody could still come with.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn revoke_invitation(
        &self,
        by: Admin,
        id: InvitationId,
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let mut tx = self.pool.begin().await.doing("beginning to take back")?;
        let revoked = sqlx::query!(
            "UPDATE invitations SET revoked_at = $2 WHERE id = $1 AND redeemed_at IS NULL AND revoked_at IS NULL",
            id.0,
            now
        )
        .execute(&mut *tx)
        .await
        .doing("taking an invitation back")?
        .rows_affected()
            > 0;
        if revoked {
            let details = json!({"invitation": id.0});
            record::act(&mut tx, now, "invitation.revoked", by.0, details).await?;
        }
        tx.commit().await.doing("committing what was taken back")?;
        Ok(revoked)
    }
}

/// Takes back every invitation of somebody that nobody came with.
pub(crate) async fn end_issued(
    tx: &mut PgConnection,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE invitations SET revoked_at = $2 WHERE issued_by = $1 AND redeemed_at IS NULL AND revoked_at IS NULL",
        by.0,
        now
    )
    .execute(tx)
    .await
    .doing("ending invitations")?;
    Ok(())
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
