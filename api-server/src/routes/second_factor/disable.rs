//! `POST /me/totp/disable`.

use axum::{extract::State, http::StatusCode};

use super::ProofAndCode;
use crate::{
    auth::InSession, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

/// Turn the second step off.
#[utoipa::path(post, path = "/me/totp/disable", tag = "me", request_body = ProofAndCode, responses((status = 204)))]
pub async fn totp_disable(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ProofAndCode>,
) -> ApiResult<StatusCode> {
    app.accounts
        .disable_totp(
            user,
            session,
            &body.password,
            &body.totp,
            &origin,
            app.now(),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
