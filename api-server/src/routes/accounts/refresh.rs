//! `POST /auth/refresh`.

use axum::extract::State;

use super::{Refresh, TokensBody};
use crate::{error::ApiResult, extract::Json, state::App};

/// Exchange a refresh token for new tokens; each works once.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", security(()), request_body = Refresh, responses((status = 200, body = TokensBody)))]
pub async fn refresh(
    State(app): State<App>,
    Json(body): Json<Refresh>,
) -> ApiResult<axum::Json<TokensBody>> {
    Ok(axum::Json(
        app.accounts
            .refresh(&body.refresh_token, app.now())
            .await?
            .into(),
    ))
}
