//! `POST /auth/register`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_accounts::{NewUser, Registered};
use serde::Deserialize;
use utoipa::ToSchema;

use super::UserBody;
use crate::{
    client::From as CalledFrom,
    error::ApiResult,
    extract::Json,
    idempotency::{self, AnswerKey},
    membership::invited,
    state::App,
};

/// A registration.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// The token of an invitation; needed where registration is by invitation.
    #[schema(example = "dci_…")]
    invitation: Option<String>,
}

/// Register as a WORKER, or as an invitation says.
#[utoipa::path(post, path = "/auth/register", tag = "auth", security(()), request_body = Register, responses((status = 201, body = UserBody)))]
pub async fn register(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    key: AnswerKey,
    Json(body): Json<Register>,
) -> ApiResult<impl IntoResponse> {
    let new = NewUser {
        email: body.email,
        username: body.username,
        password: body.password,
    };
    let invitation = body.invitation.as_deref();
    // Without the tenant, which an invited client gets after the commit: once it is there, the answer tells of it.
    let answer = |registered: &Registered| {
        idempotency::stored(
            StatusCode::CREATED,
            &UserBody::of(registered.user.clone(), None),
        )
    };
    let once = key.once(&answer);
    let registered = app
        .accounts
        .register(new, invitation, &origin, once.as_ref(), app.now())
        .await?;
    let (user, tenant) = match &registered.unsettled {
        Some(unsettled) => invited::welcome(&app, unsettled, registered.user).await,
        None => (registered.user, None),
    };
    let body = UserBody::of(user, tenant);
    Ok((StatusCode::CREATED, axum::Json(body)))
}
