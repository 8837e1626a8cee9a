//! `POST /me/totp/confirm`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::RecoveryCodes;
use crate::{
    auth::Proven, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

/// A code that the device shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[schema(example = "123456")]
    totp: String,
}

/// Turn the second step on by a code of the device; returns the recovery codes. My other sessions need a code before
/// they do again what needs a fresh password.
#[utoipa::path(post, path = "/me/totp/confirm", tag = "me", request_body = Code, responses((status = 200, body = RecoveryCodes)))]
pub async fn totp_confirm(
    State(app): State<App>,
    Proven { user, session }: Proven,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Code>,
) -> ApiResult<axum::Json<RecoveryCodes>> {
    let recovery_codes = app
        .accounts
        .confirm_totp(user, session, &body.totp, &origin, app.now())
        .await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}
