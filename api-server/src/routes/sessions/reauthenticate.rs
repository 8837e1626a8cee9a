//! `POST /me/reauthenticate`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::InSession, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

/// What proves who I am.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauthenticate {
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
}

/// For how long that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reauthenticated {
    /// Until then this session does what needs a fresh password.
    until: DateTime<Utc>,
}

/// Give my password anew, for what needs it fresh: roles, invitations, reset links, tokens, the second step. Signing in
/// counts as well; either is good for ten minutes.
#[utoipa::path(post, path = "/me/reauthenticate", tag = "me", request_body = Reauthenticate, responses((status = 200, body = Reauthenticated)))]
pub async fn reauthenticate(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Reauthenticate>,
) -> ApiResult<axum::Json<Reauthenticated>> {
    let code = body.totp.as_deref();
    let until = app
        .accounts
        .reauthenticate(user, session, &body.password, code, &origin, app.now())
        .await?;
    Ok(axum::Json(Reauthenticated { until }))
}
