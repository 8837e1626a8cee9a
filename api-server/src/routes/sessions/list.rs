//! `GET /me/sessions`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::SessionBody;
use crate::{auth::InSession, error::ApiResult, state::App};

/// Live sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sessions {
    items: Vec<SessionBody>,
}

/// My live sessions, the newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", responses((status = 200, body = Sessions)))]
pub async fn session_list(
    State(app): State<App>,
    InSession { user, session }: InSession,
) -> ApiResult<axum::Json<Sessions>> {
    let sessions = app
        .accounts
        .list_sessions(user, app.now())
        .await?
        .into_iter();
    let items = sessions.map(|s| SessionBody::of(s, session)).collect();
    Ok(axum::Json(Sessions { items }))
}
