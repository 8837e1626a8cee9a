//! `GET /me/totp`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::InSession, error::ApiResult, state::App};

/// Whether signing in asks for a code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotpState {
    enabled: bool,
    enabled_at: Option<DateTime<Utc>>,
    /// Recovery codes that were not used.
    recovery_codes_left: i64,
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
