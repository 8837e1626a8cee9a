//! My personal tokens, for scripts.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::{NewToken, PersonalToken, Scope, TokenId};
use datacrowd_protocol::Upper;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{InSession, Proven},
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    state::App,
};

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

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonalTokenBody {
    id: Uuid,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Upper<Scope>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// To half a minute.
    last_used_at: Option<DateTime<Utc>>,
    /// What a script sends as `Authorization: Bearer`; in the answer of its creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "dcp_…")]
    token: Option<String>,
}

impl From<PersonalToken> for PersonalTokenBody {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            scopes: token.scopes.into_iter().map(Upper).collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            token: None,
        }
    }
}

/// Live tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonalTokens {
    items: Vec<PersonalTokenBody>,
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
    let issued = app.accounts.create_token(user, session, new).await?;
    let mut made = PersonalTokenBody::from(issued.token);
    made.token = Some(issued.text);
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// My live tokens, the newest first.
#[utoipa::path(get, path = "/me/tokens", tag = "me", responses((status = 200, body = PersonalTokens)))]
pub async fn token_list(
    State(app): State<App>,
    InSession { user, .. }: InSession,
) -> ApiResult<axum::Json<PersonalTokens>> {
    let tokens = app.accounts.list_tokens(user).await?;
    let items = tokens.into_iter().map(Into::into).collect();
    Ok(axum::Json(PersonalTokens { items }))
}

/// End one of my tokens.
#[utoipa::path(delete, path = "/me/tokens/{id}", tag = "me", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn token_revoke(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    if app.accounts.revoke_token(user, TokenId(id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
