//! `POST /auth/logout`.

use axum::{extract::State, http::StatusCode};

use super::Refresh;
use crate::{error::ApiResult, extract::Json, state::App};

/// End the session that a refresh token belongs to.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(()), request_body = Refresh, responses((status = 204)))]
pub async fn logout(State(app): State<App>, Json(body): Json<Refresh>) -> ApiResult<StatusCode> {
    app.accounts.logout(&body.refresh_token, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
