//! `PATCH /admin/users/{id}/status`.

use axum::extract::State;
use datacrowd_accounts::{Admin as Deciding, UserStatus};
use datacrowd_protocol::{Upper, ids::UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::ProvenAdmin,
    error::ApiResult,
    extract::{Json, Path},
    routes::accounts::UserBody,
    state::App,
};

/// Whether somebody may sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// ACTIVE or DISABLED.
    #[schema(value_type = String, example = "DISABLED")]
    status: Upper<UserStatus>,
}

/// Let somebody sign in, or no longer; a disabled person is refused everywhere within half a minute.
#[utoipa::path(patch, path = "/admin/users/{id}/status", tag = "admin", params(("id" = Uuid, Path)), request_body = ChangeStatus, responses((status = 200, body = UserBody)))]
pub async fn user_status(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeStatus>,
) -> ApiResult<axum::Json<UserBody>> {
    let user = app
        .accounts
        .set_status(Deciding(admin), UserId(id), body.status.0, app.now())
        .await?;
    let tenant = app.core.tenant_of(user.id).await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}
