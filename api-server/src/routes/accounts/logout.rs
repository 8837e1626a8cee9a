//! `POST /auth/logout`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::{Refresh, SessionKind};
use crate::{auth::refresh_cookie, error::ApiResult, extract::Json, state::App};

/// End the session that a refresh token, of the body or of the session's cookie, belongs to.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(()), request_body = Refresh, responses((status = 204)))]
pub async fn logout(
    State(app): State<App>,
    headers: HeaderMap,
    Json(body): Json<Refresh>,
) -> ApiResult<Response> {
    let (token, kind) = body.token(&headers)?;
    app.accounts.logout(token, app.now()).await?;
    Ok(match kind {
        SessionKind::Token => StatusCode::NO_CONTENT.into_response(),
        SessionKind::Cookie => (StatusCode::NO_CONTENT, [refresh_cookie::clear()]).into_response(),
    })
}
