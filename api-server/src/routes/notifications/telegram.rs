//! `POST` and `DELETE /me/telegram`.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{auth::InSession, error::ApiResult, extract::Json, state::App};

/// What the bot said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"code": "7KQ2MX"}))]
pub struct TelegramCode {
    /// Six characters; upper and lower case are the same.
    code: String,
}

/// Links my account with the chat in which the bot gave out this code on `/connect`. A code is good for five minutes, once; after five wrong
/// ones, none is taken for five minutes.
#[utoipa::path(post, path = "/me/telegram", tag = "notifications", request_body = TelegramCode, responses((status = 204)))]
pub async fn telegram_link(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Json(code): Json<TelegramCode>,
) -> ApiResult<StatusCode> {
    app.notifications
        .telegram_link(user, &code.code, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the link with a chat. Without one, nothing happens.
#[utoipa::path(delete, path = "/me/telegram", tag = "notifications", responses((status = 204)))]
pub async fn telegram_unlink(
    State(app): State<App>,
    InSession { user, .. }: InSession,
) -> ApiResult<StatusCode> {
    app.notifications.telegram_unlink(user, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
