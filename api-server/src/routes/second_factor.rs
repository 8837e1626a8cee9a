//! My second step of signing in.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{InSession, Proven},
    client::From as CalledFrom,
    error::ApiResult,
    extract::Json,
    state::App,
};

/// Whether signing in asks for a code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotpState {
    enabled: bool,
    enabled_at: Option<DateTime<Utc>>,
    /// Recovery codes that were not used.
    recovery_codes_left: i64,
}

/// The present password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    #[schema(example = "correct horse battery staple")]
    password: String,
}

/// What a device is given; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotpEnrolment {
    /// Base32, for typing.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// For a QR code.
    #[schema(example = "otpauth://totp/DataCrowd%20Lab:wanda?secret=…&issuer=DataCrowd%20Lab")]
    otpauth_url: String,
}

/// A code that the device shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[schema(example = "123456")]
    totp: String,
}

/// Password and code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofAndCode {
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device, or a recovery code.
    #[schema(example = "123456")]
    totp: String,
}

/// Each signs in once, without the device; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Whether my account has a second step.
#[utoipa::path(get, path = "/me/totp", tag = "me", responses((status = 200, body = TotpState)))]
pub async fn totp_get(
    State(app): State<App>,
    InSession { user, .. }: InSession,
) -> ApiResult<axum::Json<TotpState>> {
    let state = app.accounts.second_factor(user).await?;
    Ok(axum::Json(TotpState {
        enabled: state.confirmed_at.is_some(),
        enabled_at: state.confirmed_at,
        recovery_codes_left: state.recovery_codes,
    }))
}

/// Begin a second step: a secret for the device. Nothing asks for a code until one was confirmed.
#[utoipa::path(post, path = "/me/totp", tag = "me", request_body = Proof, responses((status = 200, body = TotpEnrolment)))]
pub async fn totp_enrol(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Proof>,
) -> ApiResult<axum::Json<TotpEnrolment>> {
    let enrolled = app
        .accounts
        .enrol_totp(user, session, &body.password, &origin)
        .await?;
    Ok(axum::Json(TotpEnrolment {
        secret: enrolled.secret,
        otpauth_url: enrolled.url,
    }))
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
        .confirm_totp(user, session, &body.totp, &origin)
        .await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}

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
        .renew_recovery_codes(user, session, &body.password, &body.totp, &origin)
        .await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}

/// Turn the second step off.
#[utoipa::path(post, path = "/me/totp/disable", tag = "me", request_body = ProofAndCode, responses((status = 204)))]
pub async fn totp_disable(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ProofAndCode>,
) -> ApiResult<StatusCode> {
    app.accounts
        .disable_totp(user, session, &body.password, &body.totp, &origin)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
