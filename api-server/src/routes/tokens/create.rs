//! `POST /me/tokens`.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{NewToken, Scope};
use datacrowd_protocol::Upper;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PersonalTokenBody;
use crate::{auth::Proven, error::ApiResult, extract::Json, state::App};

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPersonalToken {
    /// Unique among my live tokens.
    #[schema(example = "nightly upload")]
    name: String,
    /// READ (changes nothing), WORK (tasks and reviews), MANAGE (projects, datasets, exports, payments), ADMIN.
    #[schema(value_type = Vec<String>, example = json!(["READ", "MANAGE"]))]
    scopes: Vec<Upper<Scope>>,
    /// At most 366 days from now.
    expires_at: DateTime<Utc>,
}

/// Make a token. Its text is shown this once.
#[utoipa::path(post, path = "/me/tokens", tag = "me", request_body = NewPersonalToken, responses((status = 201, body = PersonalTokenBody)))]
pub async fn token_create(
    State(app): State<App>,
    Proven { user, session }: Proven,
    Json(body): Json<NewPersonalToken>,
) -> ApiResult<(StatusCode, axum::Json<PersonalTokenBody>)> {
    let new = NewToken {
        name: body.name,
        scopes: body.scopes.into_iter().map(|s| s.0).collect(),
        expires_at: body.expires_at,
    };
    let issued = app
        .accounts
        .create_token(user, session, new, app.now())
        .await?;
    let mut made = PersonalTokenBody::from(issued.token);
    made.token = Some(issued.text);
    Ok((StatusCode::CREATED, axum::Json(made)))
}
