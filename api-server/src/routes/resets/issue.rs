//! `POST /admin/users/{id}/reset-link`.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use datacrowd_accounts::Admin as Deciding;
use datacrowd_protocol::ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::ProvenAdmin,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// What redeeming does beside the password.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewResetLink {
    /// Also remove the second step, for who lost device and recovery codes.
    #[serde(default)]
    remove_totp: bool,
}

/// A link's secret; shown once, for the ADMIN to pass on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetLinkBody {
    /// For `POST /auth/reset`.
    #[schema(example = "dcx_…")]
    token: String,
    expires_at: DateTime<Utc>,
}

/// Issue a reset link; an earlier one of this person is over.
#[utoipa::path(post, path = "/admin/users/{id}/reset-link", tag = "admin", params(("id" = Uuid, Path)), request_body = NewResetLink, responses((status = 201, body = ResetLinkBody)))]
pub async fn reset_issue(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<NewResetLink>,
) -> ApiResult<(StatusCode, axum::Json<ResetLinkBody>)> {
    let link = app
        .accounts
        .issue_reset_link(Deciding(admin), UserId(id), body.remove_totp, app.now())
        .await?;
    let link = ResetLinkBody {
        token: link.token,
        expires_at: link.expires_at,
    };
    Ok((StatusCode::CREATED, axum::Json(link)))
}
