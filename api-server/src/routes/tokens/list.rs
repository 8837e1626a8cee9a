//! `GET /me/tokens`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::PersonalTokenBody;
use crate::{auth::InSession, error::ApiResult, state::App};

/// Live tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonalTokens {
    items: Vec<PersonalTokenBody>,
}

/// My live tokens, the newest first.
#[utoipa::path(get, path = "/me/tokens", tag = "me", responses((status = 200, body = PersonalTokens)))]
pub async fn token_list(
    State(app): State<App>,
    InSession { user, .. }: InSession,
) -> ApiResult<axum::Json<PersonalTokens>> {
    let tokens = app.accounts.list_tokens(user, app.now()).await?;
    let items = tokens.into_iter().map(Into::into).collect();
    Ok(axum::Json(PersonalTokens { items }))
}
