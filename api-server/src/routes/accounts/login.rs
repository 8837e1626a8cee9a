//! `POST /auth/login`.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SessionKind, TokensBody};
use crate::{client::From as CalledFrom, error::ApiResult, extract::Json, state::App};

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// Username or e-mail address.
    #[schema(example = "wanda")]
    login: String,
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device or a recovery code, for an account with a second step.
    #[schema(example = "492039")]
    totp: Option<String>,
    /// TOKEN (the default) answers with the refresh token; COOKIE sets it as a cookie, which no script can read.
    #[serde(default)]
    session: SessionKind,
}

/// Sign in.
#[utoipa::path(post, path = "/auth/login", tag = "auth", security(()), request_body = Login, responses((status = 200, body = TokensBody)))]
pub async fn login(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    Json(body): Json<Login>,
) -> ApiResult<Response> {
    let code = body.totp.as_deref();
    let tokens = app
        .accounts
        .login(&body.login, &body.password, code, &origin, app.now())
        .await?;
    Ok(body.session.answer(tokens))
}
