//! `POST /admin/invitations`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::{Admin as Deciding, NewInvitation, Role};
use datacrowd_protocol::Upper;
use serde::Deserialize;
use utoipa::ToSchema;

use super::InvitationBody;
use crate::{
    auth::ProvenAdmin, error::ApiResult, extract::Json, membership::may_be_joined, state::App,
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

/// Invite one person, for seven days. The token is shown this once, for the ADMIN to pass on.
#[utoipa::path(post, path = "/admin/invitations", tag = "admin", request_body = InvitationRequest, responses((status = 201, body = InvitationBody)))]
pub async fn invitation_issue(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Json(body): Json<InvitationRequest>,
) -> ApiResult<(StatusCode, axum::Json<InvitationBody>)> {
    let mut new = NewInvitation {
        role: body.role.0,
        tenant: body.tenant,
        tenant_id: None,
    };
    if let (Role::Client, Some(tenant)) = (new.role, &new.tenant) {
        new.tenant_id = may_be_joined(&app, tenant).await?;
    }
    let issued = app.accounts.invite(Deciding(admin), new, app.now()).await?;
    let mut made = InvitationBody::from(issued.invitation);
    made.token = Some(issued.token);
    Ok((StatusCode::CREATED, axum::Json(made)))
}
