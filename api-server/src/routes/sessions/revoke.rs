//! `DELETE /me/sessions/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::SessionId;
use uuid::Uuid;

use crate::{
    auth::InSession,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// End one of my sessions; its tokens open nothing within half a minute.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn session_revoke(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    if app
        .accounts
        .revoke_session(user, SessionId(id), app.now())
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
