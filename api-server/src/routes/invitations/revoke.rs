//! `DELETE /admin/invitations/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::{Admin as Deciding, InvitationId};
use uuid::Uuid;

use crate::{
    auth::Admin,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// Take an invitation back that nobody came with yet.
#[utoipa::path(delete, path = "/admin/invitations/{id}", tag = "admin", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn invitation_revoke(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let by = Deciding(admin.user_id);
    if app
        .accounts
        .revoke_invitation(by, InvitationId(id), app.now())
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
