//! `GET /me`.

use axum::extract::State;

use super::UserBody;
use crate::{
    auth::SignedIn,
    error::{ApiError, ApiResult},
    state::App,
};

/// Who I am.
#[utoipa::path(get, path = "/me", tag = "auth", responses((status = 200, body = UserBody)))]
pub async fn me(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
) -> ApiResult<axum::Json<UserBody>> {
    let user = app
        .accounts
        .find_user(caller.user_id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let tenant = app.core.tenant_of(user.id).await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}
