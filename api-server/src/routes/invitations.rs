//! Invitations: an ADMIN issues a link, one person registers by it.

pub mod issue;
pub mod list;
pub mod revoke;

use chrono::{DateTime, Utc};
use datacrowd_accounts::{Invitation, Role};
use datacrowd_protocol::Upper;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationBody {
    id: Uuid,
    #[schema(value_type = String)]
    role: Upper<Role>,
    tenant: Option<String>,
    issued_by: Uuid,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Who came with it; nobody else can.
    redeemed_by: Option<Uuid>,
    /// When it was taken back.
    revoked_at: Option<DateTime<Utc>>,
    /// What `POST /auth/register` takes as `invitation`; in the answer of its creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "dci_…")]
    token: Option<String>,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            role: Upper(invitation.role),
            tenant: invitation.tenant,
            issued_by: invitation.issued_by.0,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            redeemed_by: invitation.redeemed_by.map(|user| user.0),
            revoked_at: invitation.revoked_at,
            token: None,
        }
    }
}
