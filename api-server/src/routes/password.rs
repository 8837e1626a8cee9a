//! `PATCH /me/password`.

use axum::{extract::State, http::StatusCode};
use datacrowd_accounts::PasswordChange;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::InSession, client::From as CalledFrom, error::ApiResult, extract::Json, state::App,
};

/// The present password and the next one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(example = "correct horse battery staple")]
    password: String,
    #[schema(example = "another horse, another battery")]
    new_password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
    /// Whether my personal tokens end, too; they stay when absent.
    #[serde(default)]
    end_personal_tokens: bool,
}

/// Change my password; all my other sessions end, and where I want it my personal tokens.
#[utoipa::path(patch, path = "/me/password", tag = "me", request_body = ChangePassword, responses((status = 204)))]
pub async fn password_change(
    State(app): State<App>,
    InSession { user, session }: InSession,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<ChangePassword>,
) -> ApiResult<StatusCode> {
    let change = PasswordChange {
        present: &body.password,
        code: body.totp.as_deref(),
        new: &body.new_password,
        end_tokens: body.end_personal_tokens,
    };
    app.accounts
        .change_password(user, session, change, &origin, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
