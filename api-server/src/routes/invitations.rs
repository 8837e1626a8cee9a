//! Invitations: an ADMIN issues a link, one person registers by it.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{Admin as Deciding, Invitation, InvitationId, NewInvitation, Role};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::paging::{PageBody, Paging};
use crate::{
    auth::{Admin, ProvenAdmin},
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    membership::may_be_joined,
    state::App,
};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The role of who comes with it.
    #[schema(value_type = String, example = "CLIENT")]
    role: Upper<Role>,
    /// For a CLIENT, the tenant to join; one of their own is founded without.
    #[schema(example = "acme")]
    tenant: Option<String>,
}

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

/// Invite one person, for seven days. The token is shown this once, for the ADMIN to pass on.
#[utoipa::path(post, path = "/admin/invitations", tag = "admin", request_body = InvitationRequest, responses((status = 201, body = InvitationBody)))]
pub async fn invitation_issue(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Json(body): Json<InvitationRequest>,
) -> ApiResult<(StatusCode, axum::Json<InvitationBody>)> {
    let new = NewInvitation {
        role: body.role.0,
        tenant: body.tenant,
    };
    if let (Role::Client, Some(tenant)) = (new.role, &new.tenant) {
        may_be_joined(&app, tenant).await?;
    }
    let issued = app.accounts.invite(Deciding(admin), new).await?;
    let mut made = InvitationBody::from(issued.invitation);
    made.token = Some(issued.token);
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Invitations of the last weeks, the newest first.
#[utoipa::path(get, path = "/admin/invitations", tag = "admin", params(Paging), responses((status = 200, body = PageBody<InvitationBody>)))]
pub async fn invitation_list(
    State(app): State<App>,
    _: Admin,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<InvitationBody>>> {
    let limit = u32::try_from(paging.limit()?).unwrap_or(50);
    let before = paging.cursor().map(InvitationId);
    let page = app.accounts.list_invitations(before, limit).await?;
    Ok(axum::Json(PageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}

/// Take an invitation back that nobody came with yet.
#[utoipa::path(delete, path = "/admin/invitations/{id}", tag = "admin", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn invitation_revoke(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let by = Deciding(admin.user_id);
    if app.accounts.revoke_invitation(by, InvitationId(id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
