//! `POST /me/totp/recovery-codes`.

use axum::extract::State;

use super::{ProofAndCode, RecoveryCodes};
use crate::{
    auth::InSession, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

/// New recovery codes, by password and code; the earlier ones are over.
#[utoipa::path(post, path = "/me/totp/recovery-codes", tag = "me", request_body = ProofAndCode, responses((status = 200, body = RecoveryCodes)))]
pub async fn totp_renew_codes(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ProofAndCode>,
) -> ApiResult<axum::Json<RecoveryCodes>> {
    let recovery_codes = app
        .accounts
        .renew_recovery_codes(
            user,
            session,
            &body.password,
            &body.totp,
            &origin,
            app.now(),
        )
        .await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}
