//! `POST /me/totp`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::InSession, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

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
        .enrol_totp(user, session, &body.password, &origin, app.now())
        .await?;
    Ok(axum::Json(TotpEnrolment {
        secret: enrolled.secret,
        otpauth_url: enrolled.url,
    }))
}
