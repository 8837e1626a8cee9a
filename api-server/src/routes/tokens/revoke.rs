//! `DELETE /me/tokens/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::TokenId;
use uuid::Uuid;

use crate::{
    auth::InSession,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// End one of my tokens.
#[utoipa::path(delete, path = "/me/tokens/{id}", tag = "me", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn token_revoke(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    if app
        .accounts
        .revoke_token(user, TokenId(id), app.now())
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
