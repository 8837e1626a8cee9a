//! `POST /auth/refresh`.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{Refresh, TokensBody};
use crate::{error::ApiResult, extract::Json, state::App};

/// Exchange a refresh token, of the body or of the session's cookie, for new tokens. For 30 seconds it yields the same
/// new one again; a later use ends the session.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", security(()), request_body = Refresh, responses((status = 200, body = TokensBody)))]
pub async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    Json(body): Json<Refresh>,
) -> ApiResult<Response> {
    let (token, kind) = body.token(&headers)?;
    let tokens = app.accounts.refresh(token, app.now()).await?;
    Ok(kind.answer(tokens))
}
