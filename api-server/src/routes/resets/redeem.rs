//! `POST /auth/reset`.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{client::From as CalledFrom, error::ApiResult, extract::Json, state::App};

/// A link and the new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redeem {
    #[schema(example = "dcx_…")]
    token: String,
    #[schema(example = "another horse, another battery")]
    new_password: String,
}

/// Set a new password by a reset link; all sessions and personal tokens end.
#[utoipa::path(post, path = "/auth/reset", tag = "auth", security(()), request_body = Redeem, responses((status = 204)))]
pub async fn reset_redeem(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Redeem>,
) -> ApiResult<StatusCode> {
    app.accounts
        .redeem_reset_link(&body.token, &body.new_password, &origin, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
